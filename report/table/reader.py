"""The one way in: `read(path)` returns the rows of a result CSV as a pandas data frame, or says what is wrong.

A file is read twice only where it is faulty: pandas reads and converts it at once, and where that fails, or a value is
one that no measurement gives, `report.faults` walks the lines to name the first fault.

Beyond what a race writes, what a spreadsheet makes of it is read too: a byte order mark, CRLF, quoted fields with line
breaks in them, blank lines, `TRUE` for `true`. The encoding is UTF-8; the last line has an end, or it was cut off.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import pandas as pd
from pandas.api.types import union_categoricals

from report.errors import ReportError, short
from report.table import faults
from report.table.faults import CHOICES, LARGEST, NEVER_EMPTY, POSITIVE, UNBOUNDED
from report.table.keys import ROW
from report.table.schema import COLUMNS, NAMES, names, version_of

TEXTS = [column.name for column in COLUMNS if column.kind == "text"]
FLAGS = [column.name for column in COLUMNS if column.kind == "flag"]
NUMBERS = [column.name for column in COLUMNS if column.kind in ("integer", "number")]
INTEGERS = [column.name for column in COLUMNS if column.kind == "integer"]
WHOLE = [column.name for column in COLUMNS if column.kind == "integer" and column.always]

TOGETHER = 64 * 2**20
"""Files of so many bytes in all are parsed as one."""


class TableError(ReportError):
    """A file that is no result CSV; its text names file, line and column, and what to do where that is known."""


def read(path: Path | str) -> pd.DataFrame:
    """Return the rows of the result CSV at `path`, one a case and launch, in the order of the file.

    Columns are those of `report.schema.COLUMNS`: text as categories, numbers as float64 (NaN where a row has none),
    flags as booleans; integers that every row has as int64. Raises `TableError` for anything else than such a file.
    """
    path = Path(path)
    try:
        _require_file(path)
        with path.open("rb") as file:
            frame = _parse(file)
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}") from error
    except (ValueError, csv.Error, pd.errors.ParserWarning) as error:
        raise _fault(path, str(error)) from error
    if not _plausible(frame):
        raise _fault(path, "a value that no measurement gives")
    return frame


def read_all(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of several result CSVs, as `read` does for one; no row may be in two of them."""
    together = _read_together(paths) if len(paths) > 1 else None
    if together is not None:
        return together
    frames = [read(path) for path in paths]
    frame = stack(frames)
    twice = frame.duplicated(list(ROW)).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        raise TableError(f"{_source(paths, frames, row)}: row {_name(frame, row)} is in an earlier file already")
    return frame


def stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames, those of the first first; their texts share one list of categories a column."""
    columns: dict[str, object] = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        columns[name] = union_categoricals(parts) if name in TEXTS else pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns, copy=False)


def timed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a time."""
    return frame[frame["status"] == "ok"]


def _require_file(path: Path) -> None:
    """Raise where `path` is none to read: a device or a pipe could go on for ever."""
    if path.is_dir():
        raise IsADirectoryError(None, "a directory; name a CSV in it")
    if not path.is_file():
        raise FileNotFoundError(None, "not a regular file" if path.exists() else "no such file")


def _read_together(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return the rows of many small files, parsed as one: a file costs 20 ms alone. `None`: read them one by one."""
    try:
        for path in paths:
            _require_file(path)
        if sum(path.stat().st_size for path in paths) > TOGETHER:
            return None
        frame = _parse(_joined([path.read_bytes() for path in paths]))
    except (OSError, ValueError, csv.Error, pd.errors.ParserWarning):
        return None
    return frame if _plausible(frame) else None


def _joined(contents: list[bytes]) -> BinaryIO:
    """Return the contents under the first one's header; raises `ValueError` where one is no whole table of its own."""
    header = contents[0][: contents[0].index(b"\n") + 1]
    bodies = [content.removeprefix(header) for content in contents]
    for content, body in zip(contents, bodies, strict=True):
        if len(body) == len(content) or not body.strip() or not body.endswith(b"\n") or body.count(b'"') % 2:
            raise ValueError("another header, no rows, a cut last line or an open quote")
    return io.BytesIO(header + b"".join(bodies))


def _parse(file: BinaryIO) -> pd.DataFrame:
    """Return the rows of an open file, in the types of the schema; raises where they do not fit into these."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        _require_whole_rows(file)
        file.seek(0)
        frame = pd.read_csv(
            file,
            dtype=dict.fromkeys(TEXTS, "category") | dict.fromkeys(FLAGS, "bool") | dict.fromkeys(NUMBERS, "float64"),
            keep_default_na=False,
            na_values={name: [""] for name in NUMBERS},
            true_values=["true"],
            false_values=["false"],
            index_col=False,
            encoding="utf-8",
        )
    version = version_of(list(frame.columns))
    if version is None or frame.empty or (frame["schema"] != version).any():
        raise ValueError("not the columns of the schema, or no rows")
    frame = _completed(frame, version)
    if not ((frame[WHOLE] % 1 == 0) & (frame[WHOLE] <= LARGEST)).all(axis=None):
        raise ValueError("an integer column holds something else")
    words = {name: frame[name].cat.rename_categories(_words(frame[name].cat.categories)) for name in TEXTS}
    return frame.astype(dict.fromkeys(WHOLE, "int64")).assign(**words)


def _completed(frame: pd.DataFrame, version: int) -> pd.DataFrame:
    """Return the frame with the columns that its older schema did not have: empty."""
    kept = names(version)
    nothing = pd.Series(pd.Categorical([""] * len(frame)), index=frame.index)
    return pd.DataFrame(
        {name: frame[name] if name in kept else nothing if name in TEXTS else math.nan for name in NAMES}, copy=False
    )


def _words(categories: pd.Index) -> list[str]:
    """Return the categories as text; pandas takes a column of nothing but `true` for flags, asked for text or not."""
    words = categories.astype("str")
    return list(words.str.lower() if categories.dtype == bool else words)


def _require_whole_rows(file: BinaryIO) -> None:
    """Raise where a row has not as many fields as the header: pandas fills up short rows with empty ones."""
    width = 0
    for line in file:
        count = _count_quoted(line, file) if b'"' in line else line.count(b",") + 1
        if line.strip():
            width = width or count
        if (count != width and line.strip()) or b"\0" in line:
            raise ValueError("a row without the columns of the schema")
    file.seek(max(0, file.tell() - 1))
    if file.read() != b"\n":
        raise ValueError("no last newline")


def _count_quoted(line: bytes, file: BinaryIO) -> int:
    """Return how many fields the record that begins with `line` has; it may go on in the next lines."""
    lines = (part.decode(errors="replace") for part in chain([line], file))
    return len(next(csv.reader(lines, strict=True)))


def _plausible(frame: pd.DataFrame) -> bool:
    ok = frame["status"] == "ok"
    return all(_plausible_columns(frame)) and bool(
        frame.loc[ok, "seconds_median"].notna().all()
        and frame.loc[~ok, "seconds_median"].isna().all()
        and not frame.duplicated(list(ROW)).any()
    )


def _plausible_columns(frame: pd.DataFrame) -> Iterator[bool]:
    """Yield for one column after the other whether it holds what such a column may hold."""
    for name in NUMBERS:
        values = frame[name].dropna()
        yield not (values < 0).any() and not (name in POSITIVE and (values == 0).any())
        yield name in UNBOUNDED or not (values == math.inf).any()
        yield name not in INTEGERS or not ((values % 1 != 0) | (values > LARGEST)).any()
    for name in TEXTS:
        found = set(frame[name].cat.categories)
        yield name not in CHOICES or found <= set(CHOICES[name])
        yield name not in NEVER_EMPTY or "" not in found


def _fault(path: Path, otherwise: str) -> TableError:
    """Return the error that names the first fault of the file, by file, line and column."""
    return TableError(f"{path}{faults.first(path.read_bytes()) or f': not a result CSV: {otherwise}'}")


def _source(paths: Sequence[Path], frames: Sequence[pd.DataFrame], row: int) -> Path:
    """Return the file that row number `row` of all rows is from."""
    for path, frame in zip(paths, frames, strict=True):
        if row < len(frame):
            return path
        row -= len(frame)
    raise IndexError(row)


def _name(frame: pd.DataFrame, row: int) -> str:
    return ", ".join(f"{name} {short(str(frame[name].iloc[row]))}" for name in ROW)
