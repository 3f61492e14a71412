"""A fleet on this machine, through submitit's local executor, that is killed half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from report import table
from tests.bench.process.test_guard import COMMANDS, PATIENCE, alive, gone, started
from tests.checkout import Checkout, environment

pytest.importorskip("submitit")

QUICK = ("--backend", "numpy", "--batch-size", "1,2", "--device", "cpu", "--max-time", "0.01", "--only-times")
FLEET = ("bench", "fleet", "-o", "fleet.csv", "--launches", "3", "--no-page", *QUICK)
LONG = 60.0
"""How long a launch may take to begin, in seconds."""


def wait_for(what: str, is_so: Callable[[], object]) -> None:
    """Wait until `is_so()`, and fail past `LONG`."""
    end = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_fleet_that_is_killed_half_way_resumes_and_has_each_row_once(checkout: Checkout) -> None:
    mark = uuid.uuid4().hex
    csv, folder = checkout.path / "fleet.csv", checkout.path / "fleet.fleet"
    env = environment() | {"TEST_MARK": mark}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(checkout.command(*FLEET), cwd=checkout.path, env=env, stdout=quiet, stderr=quiet)
    wait_for("the second launch", lambda: (folder / "1.json").exists() or process.poll() is not None)
    wait_for("the third job", lambda: list((folder / "jobs" / "2").glob("*_log.err")) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for("what the fleet started lives on", lambda: not alive(mark))
    before = table.read(csv)
    assert before["launch"].tolist() == [0, 0, 1, 1]
    os.truncate(csv, csv.stat().st_size - 30)  # as if killed while it wrote its last row

    done = checkout.run(*FLEET)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("2 of 3 launches have their rows already\n3 of 3: launch 2, local: ")
    rows = table.read(csv)
    assert sorted(zip(rows["launch"], rows["batch_size"], strict=True)) == [(n, b) for n in range(3) for b in (1, 2)]
    assert rows.iloc[:4].astype(str).equals(before.astype(str))
    assert (set(rows["run"]), set(rows["status"])) == ({"fleet"}, {"ok"})
    assert "@" not in "".join(rows["machine"])  # one machine: its rows are those of `bench run`
    assert "3 of 3 launches measured." in done.stdout

    other = checkout.run(*FLEET, "--dtype", "float64")
    assert other.returncode == 2
    assert "this fleet was begun with other arguments" in other.stderr
    assert table.read(csv).equals(rows)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_when_a_fleet_is_killed_or_interrupted_its_job_ends(
    checkout: Checkout, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that the job started: the launch, its workers, and what the hanging backend forked."""
    monkeypatch.setitem(COMMANDS, "fleet", ("bench", "fleet", "-o", "fleet.csv", "--launches", "1"))
    with started(checkout, "fleet") as (process, mark):
        process.send_signal(number)
        process.wait(PATIENCE)
        assert gone(mark, PATIENCE)
