"""The one way to read a result CSV: `read(path)` returns its rows as a pandas data frame, or says what is wrong.

pandas reads and converts a whole file at once. Only if that fails, or if a value breaks one of `report.table.rules`,
`report.table.faults` reads the file again, record by record, and names the first fault.

A CSV that a spreadsheet has saved is read like the original: with a byte order mark, CRLF, quoted fields that hold line
breaks, blank lines, or `TRUE` for `true`. The encoding is UTF-8. A last line without an end was cut off: an error.
"""

from __future__ import annotations

import csv
import io
import math
import stat
import warnings
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
from pandas.api.types import union_categoricals

from report.errors import TableError, short
from report.table import faults
from report.table.keys import ROW
from report.table.rules import rules
from report.table.schema import COLUMNS, NAMES, RENAMED, columns, names, version_of

TEXTS = [column.name for column in COLUMNS if column.kind == "text"]
FLAGS = [column.name for column in COLUMNS if column.kind == "flag"]
NUMBERS = [column.name for column in COLUMNS if column.is_number]
WHOLE = [column.name for column in COLUMNS if column.kind == "integer" and column.always]

MAX_JOINED_BYTES = 64 * 2**20
"""Files of at most this size in total are parsed as one."""

WITH_OPTIMIZERS = 5
"""The first version of the schema in which a descent names its optimizer."""

NOT_A_TABLE = (ValueError, csv.Error, pd.errors.ParserWarning)
"""What reading a file raises if it is no result CSV."""


def read(path: Path | str) -> pd.DataFrame:
    """Return the rows of the result CSV at `path`, one for each case and launch, in the order of the file.

    The columns are `report.table.schema.COLUMNS`. Text is categories, flags are booleans, numbers are float64 with NaN
    for an empty field. Integers that every row has are int64. Raises `TableError` if the file is not such a CSV.
    """
    path = Path(path)
    try:
        _require_file(path)
        with path.open("rb") as file:
            return _parse(file)
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}") from error
    except NOT_A_TABLE as error:
        fault = faults.first(path.read_bytes()) or f": not a result CSV: {error}"
        raise TableError(f"{path}{fault}") from error


def read_all(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of several result CSVs in the form of `read`.

    Raises `TableError` if a file is not a result CSV, or if two files hold the same row.
    """
    joined = _read_joined(paths) if len(paths) > 1 else None
    if joined is not None:
        return joined
    frames = [read(path) for path in paths]
    frame = stack(frames)
    again = frame.duplicated(list(ROW)).to_numpy()
    if again.any():
        row = int(again.argmax())
        raise TableError(f"{_source(paths, frames, row)}: row {_name(frame, row)} is in an earlier file already")
    return frame


def stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames in order. The categories of a text column are those of all frames."""
    stacked: dict[str, object] = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        stacked[name] = union_categoricals(parts) if name in TEXTS else pd.concat(parts, ignore_index=True)
    return pd.DataFrame(stacked, copy=False)


def timed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a time."""
    return frame[frame["status"] == "ok"]


def _require_file(path: Path) -> None:
    """Raise `OSError` unless `path` is a regular file. Reading a device or a pipe might never end."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise FileNotFoundError(None, "no such file") from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "a directory; name a CSV in it")
    if not stat.S_ISREG(mode):
        raise FileNotFoundError(None, "not a regular file")


def _read_joined(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return the rows of small files, which are parsed as one, since each file alone costs 20 ms.

    `None` means that the files must be read one by one.
    """
    try:
        for path in paths:
            _require_file(path)
        if sum(path.stat().st_size for path in paths) > MAX_JOINED_BYTES:
            return None
        return _parse(_joined([path.read_bytes() for path in paths]))
    except (OSError, *NOT_A_TABLE):
        return None


def _joined(contents: list[bytes]) -> BinaryIO:
    """Return the contents below the header of the first. Raises `ValueError` unless each is a whole table."""
    header = contents[0][: contents[0].index(b"\n") + 1]
    bodies = [content.removeprefix(header) for content in contents]
    for content, body in zip(contents, bodies, strict=True):
        if len(body) == len(content) or not body.strip() or not body.endswith(b"\n") or body.count(b'"') % 2:
            raise ValueError("another header, no rows, a last line without an end, or an open quote")
    return io.BytesIO(header + b"".join(bodies))


def _parse(file: BinaryIO) -> pd.DataFrame:
    """Return the rows of an open file in the types of the schema. Raises one of `NOT_A_TABLE` if they break a rule."""
    _require_whole_rows(file)
    file.seek(0)
    frame = _converted(file)
    version = version_of(list(frame.columns))
    if version is None or frame.empty:
        raise ValueError("not the columns of the schema, or no rows")
    frame = _completed(frame, version)
    every = (rule for column in columns(version) for rule in rules(column, version))
    if any(rule.broken(frame).any() for rule in every) or frame.duplicated(list(ROW)).any():
        raise ValueError("a value breaks a rule of the schema")
    return frame[[*NAMES]].astype(dict.fromkeys(WHOLE, "int64"))


def _converted(file: BinaryIO) -> pd.DataFrame:
    """Return the rows as pandas reads them: text as categories, flags as booleans, every number as float64."""
    frame = _read_csv(
        file,
        dict.fromkeys(TEXTS, "category") | dict.fromkeys(FLAGS, "bool") | dict.fromkeys(NUMBERS, "float64"),
        na_values={name: [""] for name in NUMBERS},
        true_values=["true"],
        false_values=["false"],
    )
    # pandas makes numbers of a text column in which every text looks like a number, such as the commit 0123456789.
    mistaken = [name for name in TEXTS if name in frame and frame[name].cat.categories.dtype.kind in "biufc"]
    if mistaken:
        file.seek(0)
        texts = _read_csv(file, dict.fromkeys(mistaken, "str"), usecols=mistaken)
        frame = frame.assign(**{name: texts[name].astype("category") for name in mistaken})
    return frame


def _read_csv(file: BinaryIO, types: dict[str, str], **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(file, dtype=types, keep_default_na=False, index_col=False, encoding="utf-8-sig", **options)


def _completed(frame: pd.DataFrame, version: int) -> pd.DataFrame:
    """Return the frame with its own columns, and those of the newest version that it lacks, empty."""
    kept = names(version)
    empty = pd.Series(pd.Categorical([""] * len(frame)), index=frame.index)

    def column(name: str) -> pd.Series | float:
        if name in kept:
            return frame[name]
        return empty if name in TEXTS else math.nan

    completed = pd.DataFrame({name: column(name) for name in dict.fromkeys([*NAMES, *kept])}, copy=False)
    return completed if version >= WITH_OPTIMIZERS else _modernized(completed)


def _modernized(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a file older than the optimizers: each descent is by `sgd`, and backends have new names."""
    optimizer = frame["operator"].map({"descent": "sgd"}).astype("str").where(frame["operator"] == "descent", "")
    backend = frame["backend"].cat.rename_categories(RENAMED)
    return frame.assign(optimizer=optimizer.astype("category"), backend=backend)


def _require_whole_rows(file: BinaryIO) -> None:
    """Raise `ValueError` if a row has fewer or more fields than the header. pandas would fill a short row up."""
    width = 0
    for line in file:
        count = _count_quoted(line, file) if b'"' in line else line.count(b",") + 1
        if line.strip():
            width = width or count
        if (count != width and line.strip()) or b"\0" in line:
            raise ValueError("a row without the columns of the schema")
    file.seek(max(0, file.tell() - 1))
    if file.read() != b"\n":
        raise ValueError("the last line has no end")


def _count_quoted(line: bytes, file: BinaryIO) -> int:
    """Return the number of fields of the record that begins with `line` and may go on in the next lines."""
    lines = (part.decode(errors="replace") for part in chain([line], file))
    return len(next(csv.reader(lines, strict=True)))


def _source(paths: Sequence[Path], frames: Sequence[pd.DataFrame], row: int) -> Path:
    """Return the file that holds the row with this number, counted over all files."""
    for path, frame in zip(paths, frames, strict=True):
        if row < len(frame):
            return path
        row -= len(frame)
    raise IndexError(row)


def _name(frame: pd.DataFrame, row: int) -> str:
    return ", ".join(f"{name} {short(str(frame[name].iloc[row]))}" for name in ROW)
