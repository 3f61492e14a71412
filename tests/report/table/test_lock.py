"""The lock of a result CSV: one run writes to it, and a second one is refused in one line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from report import table
from report.errors import TableError
from tests import rows
from tests.checkout import ROOT

HOLDER = """
import subprocess, sys
from pathlib import Path

from report import table

with table.lock(Path(sys.argv[1])):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    print("locked", flush=True)
    input()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Return another process, which holds the lock and has a child."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.csv"
    with holder(path) as first:
        with (
            pytest.raises(TableError, match=f"^{re.escape(str(path))}: another run writes to this file"),
            table.lock(path),
        ):
            pytest.fail("both runs have the lock")
        first.communicate("\n")
    with table.lock(path):
        table.append(path, rows.row())
    assert len(table.read(path)) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_killed_gives_up_its_lock(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "run.csv"
    with holder(path) as killed:
        killed.send_signal(number)
        killed.wait(timeout=60)
        with table.lock(path):
            table.append(path, rows.row())


def test_the_same_process_cannot_take_the_lock_twice_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    for _ in range(2):
        with table.lock(path), pytest.raises(TableError, match="another run"), table.lock(path):
            pytest.fail("the lock was taken twice")


def test_a_forked_child_that_never_ends_does_not_keep_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, locked, inherited = tmp_path / "run.csv", module()._locked, []

    def inherited_by_a_child(path: Path) -> int:
        handle: int = locked(path)
        inherited.append(os.dup(handle))
        return handle

    monkeypatch.setattr(module(), "_locked", inherited_by_a_child)
    for _ in range(2):
        with table.lock(path):
            table.append(path, rows.row(launch=len(inherited)))
    for handle in inherited:
        os.close(handle)


def test_rows_are_appended_under_the_lock_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    for launch in (0, 1):
        with table.lock(path):
            table.append(path, rows.row(launch=launch))
    assert table.read(path)["launch"].tolist() == [0, 1]


def test_a_file_without_rows_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    with table.lock(path):
        assert path.exists()
    assert not path.exists()


def test_the_file_of_somebody_else_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    with table.lock(path):
        path.unlink()
        path.write_text("another file\n")
    assert path.read_text() == "another file\n"


def test_a_lock_that_its_holder_removes_meanwhile_is_taken_on_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.csv"
    flock = module().fcntl.flock
    locked: list[int] = []

    def removed_before_the_first_lock(handle: int, how: int) -> None:
        if not locked:
            path.unlink()
        locked.append(handle)
        flock(handle, how)

    monkeypatch.setattr(module().fcntl, "flock", removed_before_the_first_lock)
    with table.lock(path):
        assert len(locked) == 2
        assert path.exists()


def test_what_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for path, reason in (
        (tmp_path, "Is a directory"),
        (tmp_path / "file" / "run.csv", "(Not a directory|File exists)"),
        (tmp_path / "pipe", "(not a regular file|No such device or address)"),
        (Path("/dev/null"), "not a regular file"),
    ):
        with (
            pytest.raises(TableError, match=f"^{re.escape(str(path))}: cannot be written: {reason}$"),
            table.lock(path),
        ):
            pytest.fail("it was locked")


def test_a_system_or_a_file_system_without_locks_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(handle: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    path = tmp_path / "run.csv"
    with monkeypatch.context() as patch:
        patch.setattr(module().fcntl, "flock", unsupported)
        with table.lock(path):
            table.append(path, rows.row(launch=0))
    monkeypatch.setattr(module(), "fcntl", None)
    with table.lock(path):
        table.append(path, rows.row(launch=1))
    assert len(table.read(path)) == 2


def module() -> Any:
    """Return the module, which has the name of its function."""
    return sys.modules["report.table.lock"]
