"""The one way in: `read(path)` returns the rows of a result CSV as a pandas data frame, or says what is wrong.

A file is read twice only where it is faulty: pandas reads and converts it at once, and where that fails, or a value is
one that no measurement gives, a slower reader walks the lines to name the first fault.
"""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from report.schema import CASE, COLUMNS, NAMES, STATUSES, VERSION, Column

CHOICES = {"status": tuple(STATUSES), "allocator": ("default", "steady"), "device": ("cpu", "cuda")}
POSITIVE = {"batch_size", "steps", "seconds_median", "seconds_min", "seconds_per_step", "ratio_to_numpy"}
KEY = ("run", "launch", *CASE)
NEVER_EMPTY = {*KEY, "commit", "machine"}


class TableError(ValueError):
    """A file that is no result CSV; its text names file, line and column, and what to do where that is known."""


def read(path: Path | str) -> pd.DataFrame:
    """Return the rows of the result CSV at `path`, one a case and launch, in the order of the file.

    Columns are those of `report.schema.COLUMNS`: text as categories, numbers as float64 (NaN where a row has none),
    flags as booleans; integers that every row has as int64. Raises `TableError` for anything else than such a file.
    """
    path = Path(path)
    try:
        frame = _read(path)
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise _fault(path, error) from error
    if not _plausible(frame):
        raise _fault(path, None)
    return frame


def timed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a time."""
    return frame[frame["status"] == "ok"]


def _read(path: Path) -> pd.DataFrame:
    text = {column.name: "category" for column in COLUMNS if column.kind == "text"}
    flags = {column.name: "bool" for column in COLUMNS if column.kind == "flag"}
    numbers = {column.name: "float64" for column in COLUMNS if column.kind in ("integer", "number")}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            path,
            dtype=text | flags | numbers,
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
            true_values=["true"],
            false_values=["false"],
            index_col=False,
            encoding="utf-8",
        )
    if tuple(frame.columns) != NAMES or frame.empty or not path.read_bytes().endswith(b"\n"):
        raise ValueError("not the columns of the schema, no rows, or no last newline")
    whole = [column.name for column in COLUMNS if column.kind == "integer" and column.always]
    if not (frame[whole] % 1 == 0).all(axis=None):
        raise ValueError("an integer column holds something else")
    return frame.astype(dict.fromkeys(whole, "int64"))


def _plausible(frame: pd.DataFrame) -> bool:
    numbers = frame.select_dtypes("number")
    ok = frame["status"] == "ok"
    return bool(
        (frame["schema"] == VERSION).all()
        and not ((numbers < 0) | (numbers == math.inf)).any(axis=None)
        and all((frame[name].dropna() > 0).all() for name in POSITIVE)
        and all(set(frame[name].unique()) <= set(choices) for name, choices in CHOICES.items())
        and frame.loc[ok, "seconds_median"].notna().all()
        and frame.loc[~ok, "seconds_median"].isna().all()
        and not frame.duplicated(list(KEY)).any()
        and not any((frame[name] == "").any() for name in NEVER_EMPTY if frame[name].dtype == "category")
    )


def _fault(path: Path, error: Exception | None) -> TableError:
    """Return the error that names the first fault of the file, by file, line and column."""
    if path.is_dir():
        return TableError(f"{path}: a directory; name a CSV in it")
    if isinstance(error, OSError):
        return TableError(f"{path}: {error.strerror or error}")
    unknown = f": not a result CSV: {error}"
    try:
        return TableError(f"{path}{next(_faults(path.read_bytes().decode()), unknown)}")
    except UnicodeDecodeError as decoding:
        return TableError(f"{path}: not text: byte {decoding.start} is not UTF-8; a result CSV was expected")


def _faults(text: str) -> Iterator[str]:
    """Yield what is wrong with the text of a CSV, each fault with its line before it."""
    if not text.strip():
        yield ": empty; a header and at least one row were expected"
    if "\0" in text:
        yield f":{text[: text.index(chr(0))].count(chr(10)) + 1}: a zero byte: not a text file"
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        yield from (f":1: {fault}" for fault in _header_faults(next(rows)))
        seen: dict[tuple[str, ...], int] = {}
        for fields in rows:
            yield from (f":{rows.line_num}: {fault}" for fault in _row_faults(fields, seen, rows.line_num))
    except csv.Error as error:
        yield f":{rows.line_num}: {error}"
    if not seen:
        yield ": a header and no rows"
    if not text.endswith("\n"):
        yield f":{rows.line_num}: the last line is cut off: it has no end"


def _header_faults(header: list[str]) -> Iterator[str]:
    missing = [name for name in NAMES if name not in header]
    unknown = [name for name in header if name not in NAMES]
    for what, names in (("missing", missing), ("unknown", unknown)):
        if names:
            yield f"not the columns of schema {VERSION}: {what} {', '.join(map(repr, names))}"
    if tuple(header) != NAMES:
        yield "the columns of the schema, but not in its order, or some of them twice"


def _row_faults(fields: list[str], seen: dict[tuple[str, ...], int], line: int) -> Iterator[str]:
    if fields and fields[0].isdecimal() and int(fields[0]) > VERSION:
        yield f"column 'schema': {fields[0]} is newer than this checkout's {VERSION}; update the checkout"
    if len(fields) != len(NAMES):
        yield f"{len(fields)} columns where {len(NAMES)} were expected: cut off, or not a row"
    row = dict(zip(NAMES, fields, strict=False))
    for column in COLUMNS:
        yield from (f"column '{column.name}': {fault}" for fault in _value_faults(column, row))
    key = tuple(row[name] for name in KEY)
    if key in seen:
        yield f"the same run, launch and case as line {seen[key]}"
    seen[key] = line


def _value_faults(column: Column, row: dict[str, str]) -> Iterator[str]:
    name, value = column.name, row[column.name]
    if name == "schema" and value != str(VERSION):
        yield f"'{value}' is not {VERSION}, the schema of this checkout"
    if name in CHOICES and value not in CHOICES[name]:
        yield f"'{value}' is none of {', '.join(CHOICES[name])}"
    if name == "seconds_median" and (value == "") == (row["status"] == "ok"):
        yield f"'{value}' in a row whose status is {row['status']}"
    if column.kind == "flag" and value not in ("true", "false"):
        yield f"'{value}' is neither true nor false"
    if column.kind == "text" and value == "" and name in NEVER_EMPTY:
        yield "empty"
    if column.kind in ("integer", "number") and (value != "" or column.always):
        yield from _number_faults(column, value)


def _number_faults(column: Column, value: str) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        yield f"'{value}' is not a number"
        return
    if not math.isfinite(number) or number < 0 or (number == 0 and column.name in POSITIVE):
        yield f"'{value}' is not a {'positive' if column.name in POSITIVE else 'non-negative'} finite number"
    elif column.kind == "integer" and number % 1:
        yield f"'{value}' is not a whole number"
