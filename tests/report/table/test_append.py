"""How `table.append` writes a row."""

from __future__ import annotations

import csv
import errno
import math
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from report import table
from report.errors import TableError
from report.table.schema import NAMES, Value
from tests import rows


def written(path: Path) -> list[dict[str, str]]:
    """Return the rows of the CSV as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_header_is_written_once_and_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.csv"
    for launch in (0, 1):
        table.append(path, rows.row(launch=launch))
    assert path.read_text().splitlines()[0] == ",".join(NAMES)
    assert [row["launch"] for row in written(path)] == ["0", "1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (math.inf, "inf"),
        (1 / 3, "0.333333333"),
        (1e-9, "1e-09"),
        (2**53, "9007199254740992"),
        ("a,\n  b", "a, b"),
    ],
)
def test_a_value_is_written_as_text_on_one_line(tmp_path: Path, value: Value, text: str) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(relative_error=value)])
    assert written(path)[0]["relative_error"] == text
    assert len(path.read_text().splitlines()) == 2


def test_a_flag_is_written_as_true_or_false(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(dirty=True), rows.row(dirty=False)])
    assert [row["dirty"] for row in written(path)] == ["true", "false"]


def test_a_column_that_the_row_lacks_is_empty(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row()])
    assert written(path)[0]["peak_bytes"] == ""


def test_a_row_reaches_the_file_in_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    write = os.write

    def counted(handle: int, text: bytes) -> int:
        writes.append(text)
        return write(handle, text)

    monkeypatch.setattr(os, "write", counted)
    table.append(tmp_path / "run.csv", rows.row())
    assert [text.count(b"\n") for text in writes] == [2]


def test_a_row_that_does_not_fit_the_schema_is_refused(tmp_path: Path) -> None:
    row = rows.row(joules=1.0)
    del row["machine"]
    with pytest.raises(ValueError, match=r"unknown \['joules'\], missing \['machine'\]"):
        table.append(tmp_path / "run.csv", row)
    assert not (tmp_path / "run.csv").exists()


WRITE = os.write


def half(handle: int, text: bytes) -> int:
    return WRITE(handle, text[: len(text) // 2])


def half_and_then_raise(handle: int, text: bytes) -> int:
    half(handle, text)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("rows_before", [0, 2])
@pytest.mark.parametrize(
    ("write", "reason"),
    [(half, "bytes could be written; is the disk full?"), (half_and_then_raise, "No space left on device")],
)
def test_a_row_that_cannot_be_written_whole_is_absent(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_before: int,
    write: Callable[[int, bytes], int],
    reason: str,
) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(launch=launch) for launch in range(rows_before)])
    before = path.read_bytes() if rows_before else b""
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(TableError) as refused:
        table.append(path, rows.row(launch=rows_before))
    assert path.read_bytes() == before
    message = str(refused.value)
    assert message.startswith(f"{path}: the row was not written: ")
    assert message.endswith(reason)
    assert "\n" not in message
    monkeypatch.undo()
    table.append(path, rows.row(launch=rows_before))
    assert len(table.read(path)) == rows_before + 1


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes. A write that crosses the limit is short."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_row_for_which_the_system_has_no_room_is_absent(tmp_path: Path, room: int) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(launch=0)])
    before = path.read_bytes()
    with largest_file(len(before) + room), pytest.raises(TableError, match=r"run\.csv: the row was not written: "):
        table.append(path, rows.row(launch=1))
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_an_error_of_one_line() -> None:
    with pytest.raises(TableError, match=r"^/dev/full: the row was not written: No space left on device$"):
        table.append(Path("/dev/full"), rows.row())


def test_a_file_that_cannot_be_opened_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"the row was not written: Is a directory$"):
        table.append(tmp_path, rows.row())
    (tmp_path / "file").touch()
    with pytest.raises(TableError, match=r"the row was not written: (Not a directory|File exists)$"):
        table.append(tmp_path / "file" / "run.csv", rows.row())


@given(st.text(st.characters(exclude_categories=())))
@example("a\0b")
@example("half a pair: \ud800")
@example('the "tape", is\r\ntorn\u2028\x85')
def test_a_file_with_any_text_as_a_reason_is_read_back(tmp_path_factory: pytest.TempPathFactory, reason: str) -> None:
    path = rows.write(tmp_path_factory.mktemp("any") / "run.csv", [rows.row(None, reason=reason), rows.row(launch=1)])
    read, empty = table.read(path)["reason"]
    assert read.isprintable()
    assert empty == ""
    assert len(read) == len(" ".join(reason.split()))
    assert path.read_bytes().count(b"\n") == 3


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_a_reason_that_is_one_printable_line_is_written_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, reason: str
) -> None:
    path = rows.write(tmp_path_factory.mktemp("plain") / "run.csv", [rows.row(None, reason=reason)])
    assert table.read(path)["reason"].tolist() == [" ".join(reason.split())]
