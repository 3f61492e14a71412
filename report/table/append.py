"""The one way to write a row of a result CSV."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from report.table.schema import COLUMNS, NAMES, VERSION, Value


def append(path: Path, row: Mapping[str, Value]) -> None:
    """Append a row to the CSV at `path`. A missing file is created with its header.

    The row is written in a single call, so that a process that is killed at any moment leaves whole rows.
    Raises `ValueError` if the row has a column that the schema lacks, or lacks a column that every row must have.
    """
    unknown = set(row) - set(NAMES)
    missing = [column.name for column in COLUMNS if column.always and column.name not in row]
    if unknown or missing:
        raise ValueError(f"the row does not fit schema {VERSION}: unknown {sorted(unknown)}, missing {missing}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        header = _line(NAMES) if os.fstat(handle).st_size == 0 else b""
        os.write(handle, header + _line(_text(row.get(name)) for name in NAMES))
    finally:
        os.close(handle)


def _text(value: Value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _line(fields: Iterable[str]) -> bytes:
    """Return the fields as a line of CSV; a line break within a field becomes a space."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([" ".join(field.split()) for field in fields])
    return line.getvalue().encode()
