"""What a row of a result CSV may hold, and where a file first holds something else: its line, and its column.

This is the slow reader: it walks the lines of a file that `report.table` could not read at once. Both go by the rules
below.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator

from report.errors import short
from report.table.keys import ROW
from report.table.schema import COLUMNS, STATUSES, VERSION, Column, names

CHOICES = {"status": tuple(STATUSES), "allocator": ("default", "steady"), "device": ("cpu", "cuda")}
POSITIVE = {"batch_size", "steps", "seconds_median", "seconds_min", "seconds_per_step", "ratio_to_numpy"}
UNBOUNDED = {"relative_error"}  # a result of another shape is infinitely wrong
NEVER_EMPTY = {*ROW, "commit", "machine"} - {"sizes"}
LARGEST = 2**53  # up to here float64 tells a whole number from the next

NUMBER = re.compile(r"[ \t]*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)[ \t]*", re.ASCII | re.IGNORECASE)
KINDS = {column.name: column.kind for column in COLUMNS}

Row = dict[str, str]


def first(content: bytes) -> str | None:
    """Return the first fault of a file's content, as `:line: what is wrong`; `None` where none is found."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f":{line}: not text: byte {error.start} is not UTF-8; a result CSV was expected"
    if "\0" in text:
        return f":{text.count(chr(10), 0, text.index(chr(0))) + 1}: a zero byte; a result CSV was expected"
    if not text.strip():
        return ": empty; a header and at least one row were expected"
    return next(_faults(text), None)


def _faults(text: str) -> Iterator[str]:
    """Yield what is wrong with the records of a text, each fault with the line where its record begins."""
    records = _records(text)
    top, header = next(records, (1, []))
    line, fields = next(records, (top, []))
    version = _version(header, fields)
    if version > VERSION:
        yield f":{line}: column 'schema': {version} is newer than this checkout's {VERSION}; update the checkout"
    yield from (f":{top}: {fault}" for fault in _header_faults(header, version))
    if not fields:
        yield f":{top}: a header and no rows; measure something: pytest bench/ --benchmark-only"
    seen: dict[tuple[object, ...], int] = {}
    while fields:
        yield from (f":{line}: {fault}" for fault in _row_faults(fields, version, seen, line))
        line, fields = next(records, (line, []))
    if not text.endswith("\n"):
        yield f":{line}: the last line is cut off: it has no end; remove it, or measure again"
    if lone := re.search(r"\r(?!\n)", text):
        yield f":{text.count(chr(10), 0, lone.start()) + 1}: a carriage return that ends no line"


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line where it begins; a broken one ends them, as one field."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begin = 1
    try:
        for fields in reader:
            if fields:
                yield begin, fields
            begin = reader.line_num + 1
    except csv.Error as error:
        yield begin, [f"not CSV: {error}"]


def _version(header: list[str], fields: list[str]) -> int:
    """Return the version of the schema that the first row says it is of; this checkout's where it says none."""
    version = dict(zip(header, fields, strict=False)).get("schema", "")
    return int(version) if version.isascii() and version.isdecimal() and int(version) > 0 else VERSION


def _header_faults(header: list[str], version: int) -> Iterator[str]:
    expected = names(version)
    missing = [name for name in expected if name not in header]
    unknown = [name for name in header if name not in expected]
    for what, found in (("missing", missing), ("unknown", unknown)):
        if found:
            yield f"not the columns of schema {version}: {what} {_some(found)}"
    if tuple(header) != expected:
        yield "the columns of the schema, but not in its order, or some of them twice"


def _some(columns: list[str]) -> str:
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""  # noqa: PLR2004 (three are named)
    return ", ".join(f"'{short(name)}'" for name in columns[:3]) + more


def _row_faults(fields: list[str], version: int, seen: dict[tuple[object, ...], int], line: int) -> Iterator[str]:
    expected = names(version)
    if len(fields) == 1:
        yield fields[0] if fields[0].startswith("not CSV") else f"'{short(fields[0])}' is not a row"
    if len(fields) < len(expected):
        yield f"cut off: ends in column '{expected[len(fields) - 1]}', {len(fields)} of {len(expected)}"
    if len(fields) > len(expected):
        yield f"{len(fields)} columns where {len(expected)} were expected, the last of them '{expected[-1]}'"
    row = dict(zip(expected, fields, strict=False))
    for column in COLUMNS:
        if column.name in row:
            yield from (f"column '{column.name}': {fault}" for fault in _value_faults(column, row))
    if float(row["schema"]) != version:
        yield f"column 'schema': '{short(row['schema'])}' in a file of schema {version}"
    key = tuple(row.get(name, "") if KINDS[name] == "text" else float(row[name]) for name in ROW)
    if key in seen:
        yield f"column 'launch': the same run, launch and case as line {seen[key]}"
    seen[key] = line


def _value_faults(column: Column, row: Row) -> Iterator[str]:
    value = row[column.name]
    if column.kind in ("integer", "number"):
        if value != "" or column.always:
            yield from _number_faults(column, value)
        yield from _time_faults(column.name, row)
    elif column.kind == "flag" and value.lower() not in ("true", "false"):
        yield f"'{short(value)}' is neither true nor false"
    elif column.name in CHOICES and value not in CHOICES[column.name]:
        yield f"'{short(value)}' is none of {', '.join(CHOICES[column.name])}"
    elif value == "" and column.name in NEVER_EMPTY:
        yield "empty"


def _time_faults(name: str, row: Row) -> Iterator[str]:
    if name == "seconds_median" and (row[name] == "") == (row["status"] == "ok"):
        yield f"'{short(row[name])}' in a row whose status is {short(row['status'])}"


def _number_faults(column: Column, value: str) -> Iterator[str]:
    if not NUMBER.fullmatch(value):
        yield f"'{short(value)}' is not a number"
        return
    number = float(value)
    infinite = math.isinf(number) and column.name not in UNBOUNDED
    if infinite or number < 0 or (number == 0 and column.name in POSITIVE):
        yield f"'{short(value)}' is not a {'positive' if column.name in POSITIVE else 'non-negative'} finite number"
    elif column.kind == "integer" and (number % 1 or number > LARGEST):
        yield f"'{short(value)}' is not a whole number up to 2^53"
