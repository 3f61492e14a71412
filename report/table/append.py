"""The one way to write a row of a result CSV."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from report.errors import TableError, printable
from report.table.schema import COLUMNS, NAMES, VERSION, Value


def append(path: Path, row: Mapping[str, Value]) -> None:
    """Append a row to the CSV at `path`, or leave the file as it was. A missing file is created with its header.

    The row is written in a single call, so that a process that is killed at any moment leaves whole rows. Raises
    `TableError` if the row cannot be written, because the disk is full, for example. Raises `ValueError` if the row has
    a column that the schema lacks, or lacks a column that every row must have.
    """
    unknown = set(row) - set(NAMES)
    missing = [column.name for column in COLUMNS if column.always and column.name not in row]
    if unknown or missing:
        raise ValueError(f"the row does not fit schema {VERSION}: unknown {sorted(unknown)}, missing {missing}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            length = os.fstat(handle).st_size
            header = _line(NAMES) if length == 0 else b""
            _write(handle, header + _line(_text(row.get(name)) for name in NAMES), length)
        finally:
            os.close(handle)
    except OSError as error:
        raise TableError(f"{path}: the row was not written: {error.strerror or error}") from error


def _write(handle: int, lines: bytes, length: int) -> None:
    """Write the lines to the end of an open file of this length. If not all of them fit, restore the length."""
    written = 0
    try:
        written = os.write(handle, lines)
        if written < len(lines):
            raise OSError(f"only {written:,} of {len(lines):,} bytes could be written; is the disk full?")
    finally:
        if written < len(lines):
            with contextlib.suppress(OSError):  # a device has no length, and keeps nothing
                os.ftruncate(handle, length)


def _text(value: Value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _line(fields: Iterable[str]) -> bytes:
    """Return the fields as a line of CSV. White space within a field becomes a space.

    `?` stands for every other character that could make the file unreadable, such as NUL or half a surrogate pair.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([printable(" ".join(field.split())) for field in fields])
    return line.getvalue().encode()
