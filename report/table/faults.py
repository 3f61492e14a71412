"""Names the first fault of a file that `report.table.reader` could not read: its line, its column, and what is wrong.

This module knows the rules of the text: encoding, header, records, and the spelling of numbers and flags. The rules of
the values are those of `report.table.rules`.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from report.errors import short
from report.table.keys import ROW
from report.table.rules import Rule, rules
from report.table.schema import VERSION, Column, columns, names

NUMBER = re.compile(r"[ \t]*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)[ \t]*", re.ASCII | re.IGNORECASE)

Row = dict[str, Any]
"""A row by column: numbers as floats, flags and text as text."""


class Record(NamedTuple):
    """A record of the CSV and the line where it begins. `fault` says why the record could not be parsed; else empty."""

    line: int
    fields: list[str]
    fault: str = ""


class Fault(NamedTuple):
    """What is wrong, and the line where it is wrong."""

    line: int
    text: str


def first(content: bytes) -> str | None:
    """Return the first fault of a file's content as `:line: what is wrong`, or `None` if no fault is found."""
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        return ": empty; a header and at least one row were expected"
    fault = next(_faults(content), None)
    return None if fault is None else f":{fault.line}: {fault.text}"


def _faults(content: bytes) -> Iterator[Fault]:
    """Yield faults, and first the one to report: a later fault may only be a consequence of an earlier one."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        text = f"not text: byte {error.start} is not UTF-8; a result CSV was expected"
        yield Fault(_line_of(content, error.start), text)
    if b"\0" in content:
        yield Fault(_line_of(content, content.index(b"\0")), "a zero byte; a result CSV was expected")
    yield from _record_faults(_records(content))
    if not content.endswith(b"\n"):
        text = "the last line is cut off: it has no end; remove it, or measure again"
        yield Fault(_line_of(content, len(content)), text)
    if lone := re.search(rb"\r(?!\n)", content):
        yield Fault(_line_of(content, lone.start()), "a carriage return that ends no line")


def _line_of(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _records(content: bytes) -> Iterator[Record]:
    """Yield the records that are not blank. A record that cannot be parsed is the last."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""), strict=True)
    begin = 1
    try:
        for fields in reader:
            if fields:
                yield Record(begin, fields)
            begin = reader.line_num + 1
    except csv.Error as error:
        yield Record(begin, [], f"not CSV: {error}")


def _record_faults(records: Iterator[Record]) -> Iterator[Fault]:
    """Yield the faults of the header and of the rows."""
    header, *start = islice(records, 2)
    version = _version(header.fields, start[0].fields if start else [])
    if version > VERSION:
        text = f"column 'schema': {version} is newer than this checkout's {VERSION}; update the checkout"
        yield Fault(start[0].line, text)
    yield from (Fault(header.line, text) for text in _header_faults(header, version))
    if not start:
        yield Fault(header.line, "a header and no rows; measure something: pytest bench/ --benchmark-only")
    yield from _row_faults(chain(start, records), version)


def _version(header: list[str], fields: list[str]) -> int:
    """Return the version of the schema that the first row states, or this checkout's version if it states none."""
    version = dict(zip(header, fields, strict=False)).get("schema", "")
    return int(version) if re.fullmatch(r"0*[1-9]\d{0,19}", version, re.ASCII) else VERSION


def _header_faults(header: Record, version: int) -> Iterator[str]:
    expected = names(version)
    if header.fault:
        yield header.fault
    missing = [name for name in expected if name not in header.fields]
    unknown = [name for name in header.fields if name not in expected]
    for what, found in (("missing", missing), ("unknown", unknown)):
        if found:
            yield f"not the columns of schema {version}: {what} {_some(found)}"
    if tuple(header.fields) != expected:
        yield f"the columns of schema {version} in another order, or some of them twice"


def _some(found: list[str]) -> str:
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004 (three are named)
    return ", ".join(f"'{short(name)}'" for name in found[:3]) + more


def _row_faults(records: Iterable[Record], version: int) -> Iterator[Fault]:
    """Yield the faults of the rows, by line and then by column."""
    expected = names(version)
    rules_of = {column: list(rules(column, version)) for column in columns(version)}
    seen: dict[tuple[object, ...], int] = {}
    for record in records:
        if fault := _shape_fault(record, expected):
            yield Fault(record.line, fault)
            return
        texts = dict(zip(expected, record.fields, strict=True))
        row = {column.name: _value(column, texts[column.name]) for column in rules_of}
        for column, of_column in rules_of.items():
            for fault in _value_faults(column, of_column, texts[column.name], row):
                yield Fault(record.line, f"column '{column.name}': {fault}")
        key = tuple(row[name] for name in ROW if name in row)
        if key in seen:
            yield Fault(record.line, f"column 'launch': the same run, launch and case as line {seen[key]}")
        seen[key] = record.line


def _shape_fault(record: Record, expected: tuple[str, ...]) -> str:
    """Return why a record is not a row of the expected columns, or an empty text if it is."""
    fields = record.fields
    if record.fault or len(fields) == len(expected):
        return record.fault
    if len(fields) == 1:
        return f"'{short(fields[0])}' is not a row"
    if len(fields) < len(expected):
        return f"cut off: ends in column '{expected[len(fields) - 1]}', {len(fields)} of {len(expected)}"
    return f"{len(fields)} columns where {len(expected)} were expected, the last of them '{expected[-1]}'"


def _value(column: Column, text: str) -> str | float:
    """Return the text. For a column of numbers return the number that the text states, or NaN if it states none."""
    if not column.is_number:
        return text
    return float(text) if NUMBER.fullmatch(text) else math.nan


def _value_faults(column: Column, its_rules: list[Rule], text: str, row: Row) -> Iterator[str]:
    """Yield what is wrong with the value of a column in a row; `text` is the value as the file has it."""
    if column.is_number and text and math.isnan(row[column.name]):
        yield f"'{short(text)}' is not a number"
    if column.kind == "flag" and text.lower() not in ("true", "false"):
        yield f"'{short(text)}' is neither true nor false"
    for rule in its_rules:
        if rule.broken(row):
            yield rule.fault.format(value=short(text), status=short(row["status"]))
