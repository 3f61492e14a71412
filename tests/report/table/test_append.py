"""How `table.append` writes a row."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import pytest

from report import table
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
    monkeypatch.setattr(os, "write", lambda _, text: writes.append(text))
    table.append(tmp_path / "run.csv", rows.row())
    assert [text.count(b"\n") for text in writes] == [2]


def test_a_row_that_does_not_fit_the_schema_is_refused(tmp_path: Path) -> None:
    row = rows.row(joules=1.0)
    del row["machine"]
    with pytest.raises(ValueError, match=r"unknown \['joules'\], missing \['machine'\]"):
        table.append(tmp_path / "run.csv", row)
    assert not (tmp_path / "run.csv").exists()
