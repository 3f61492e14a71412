"""The rows of a page's table as its script reads them: what is the same in all rows is said once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from report.pages.document import plain
from report.write import palette

SHOWN = (
    ("backend", "backend", "text"),
    ("batch_size", "batch", "count"),
    ("seconds_per_step", "a step", "seconds"),
    ("step_low", "from", "seconds"),
    ("step_high", "to", "seconds"),
    ("ratio_to_numpy", "to NumPy", "ratio"),
    ("compile_seconds", "compile", "seconds"),
    ("first_call_seconds", "first call", "seconds"),
    ("relative_error", "error", "number"),
    ("status", "status", "text"),
    ("reason", "reason", "text"),
)
"""The columns of the table of a run: name, heading and how it is written. Those that vary beside them come in front."""


def data(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the rows of a run, the looks of its backends, and which columns the table shows."""
    columns = by_columns(rows)
    names = palette.looks(rows["backend"].astype("str"))
    varying = [
        name for name in ("problem", "sizes", "operator", "dtype", "device", "steps") if name in columns["columns"]
    ]
    return columns | {
        "looks": {name: [*look] for name, look in names.items()},
        "shown": [*([name, name, "text"] for name in varying), *map(list, SHOWN)],
    }


def by_columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Return `rows` by columns, those apart that do not vary; of texts that recur, each once, and which a row has."""
    columns = {str(name): _values(rows[name]) for name in rows.columns}
    same = {name: values[0] for name, values in columns.items() if len(set(values)) == 1 and name != "group"}
    varying = {name: values for name, values in columns.items() if name not in same}
    words = {name: [*dict.fromkeys(values)] for name, values in varying.items() if isinstance(values[0], str)}
    words = {name: found for name, found in words.items() if len(found) < len(rows) / 2}
    number = {name: {word: index for index, word in enumerate(found)} for name, found in words.items()}
    coded = {name: [number[name][word] for word in varying[name]] for name in words}
    return {"count": len(rows), "same": same, "columns": varying | coded, "words": words, "order": [*columns]}


def _values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column):
        return [str(value) for value in column]
    if pd.api.types.is_bool_dtype(column):
        return [bool(value) for value in column]
    return [plain(value) for value in column]
