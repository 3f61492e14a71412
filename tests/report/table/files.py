"""Result CSVs for the tests of this folder, what changes them, and what the reader says of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from report import table
from report.table.schema import NAMES, names


def fault(path: Path) -> str:
    """Return what the reader says is wrong with the file, without the file's name at the beginning."""
    with pytest.raises(table.TableError) as refused:
        table.read(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def edit(path: Path, line: int, **values: str) -> None:
    """Replace fields of one line; the header is line 1. The new texts must need no quotes."""
    lines = path.read_text().splitlines()
    fields = lines[line - 1].split(",")
    for name, value in values.items():
        fields[NAMES.index(name)] = value
    lines[line - 1] = ",".join(fields)
    path.write_text("\n".join(lines) + "\n")


def in_schema(version: int, path: Path) -> Path:
    """Return a copy of the CSV as an older version of the schema had it, in the same folder, under another run's name.

    A column that the newest version lacks is empty.
    """
    older = path.with_name("older.csv")
    with path.open(newline="") as new, older.open("w", newline="") as old:
        writer = csv.DictWriter(old, names(version), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in csv.DictReader(new):
            writer.writerow(row | {"schema": str(version), "run": "older"})
    return older
