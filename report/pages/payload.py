"""The rows that a page's scripts read, as JSON can hold them, by columns: a value that all rows share is there once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from report.table.keys import GROUP
from report.write import palette

DIGITS = 6
"""The significant digits of a number in a page."""

SHOWN = (
    ("backend", "backend", "text"),
    ("batch_size", "batch", "count"),
    ("seconds_per_step", "a step", "seconds"),
    ("step_low", "from", "seconds"),
    ("step_high", "to", "seconds"),
    ("ratio_to_numpy", "to NumPy", "ratio"),
    ("startup_seconds", "start-up", "seconds"),
    ("compile_seconds", "compile", "seconds"),
    ("first_call_seconds", "first call", "seconds"),
    ("relative_error", "error", "number"),
    ("status", "status", "text"),
    ("reason", "reason", "text"),
)
"""The columns of the table of a run: name, heading, and how the values are written."""


def of_run(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the rows of a run, the looks of its backends, and the columns that the table shows.

    Without any ratio to NumPy, the table has no column of it.
    """
    data = by_columns(rows)
    varying = [[name, name, "text"] for name in GROUP if name in data["columns"]]
    columns = [
        list(column) for column in SHOWN if column[0] != "ratio_to_numpy" or rows["ratio_to_numpy"].notna().any()
    ]
    return data | {"looks": looks(rows), "shown": [*varying, *columns]}


def looks(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the look of each backend of the rows."""
    return {name: [*look] for name, look in palette.looks(rows["backend"].astype("str")).items()}


def by_columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the rows by columns.

    `same` holds the values of the columns that do not vary, and `columns` the lists of values of the others. Where few
    texts recur in a column, `words` holds each of them once, and the column their indices. `order` is that of the
    columns of `rows`.
    """
    values = {str(name): _values(rows[name]) for name in rows.columns}
    same = {name: column[0] for name, column in values.items() if len(set(column)) == 1 and name != "group"}
    varying = {name: column for name, column in values.items() if name not in same}
    texts = {name: [*dict.fromkeys(column)] for name, column in varying.items() if isinstance(column[0], str)}
    words = {name: distinct for name, distinct in texts.items() if len(distinct) < len(rows) / 2}
    coded = {name: _indices(varying[name], distinct) for name, distinct in words.items()}
    return {"count": len(rows), "same": same, "columns": varying | coded, "words": words, "order": [*values]}


def _indices(values: list[str], distinct: list[str]) -> list[int]:
    index = {word: number for number, word in enumerate(distinct)}
    return [index[value] for value in values]


def _values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column):
        return [str(value) for value in column]
    if pd.api.types.is_bool_dtype(column):
        return [bool(value) for value in column]
    return [plain(value) for value in column]


def plain(value: Any) -> str | int | float | bool | None:
    """Return a value as JSON can hold it: a number with six digits, `None` for a number that is missing or infinite."""
    if value is None or isinstance(value, str | bool):
        return value
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 (NaN is not itself)
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else float(f"{number:.{DIGITS}g}")
