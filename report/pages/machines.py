"""The machines side by side, for the page of a run: a table for each comparison, shown with the groups it is about."""

from __future__ import annotations

from typing import Any

import pandas as pd

from report.run import machines
from report.write import machines as words


def tables(merged: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the tables; none if the cases are of one machine. `merged` has the number of each case's `group`.

    `groups` are the numbers of the groups whose cases a table compares.
    """
    if not machines.several(merged):
        return []
    return [
        {
            "heading": found.heading,
            "sizes": list(found.columns),
            "lines": [*zip(found.machines, zip(*found.columns.values(), strict=True), strict=True)],
            "answers": found.answers,
            "groups": _groups(merged, found.rows),
        }
        for found in words.comparisons(merged)
    ]


def hardware(merged: pd.DataFrame) -> list[str]:
    """Return what the machines are, in words; nothing if there is one."""
    return words.hardware(merged) if machines.several(merged) else []


def _groups(merged: pd.DataFrame, rows: pd.DataFrame) -> list[int]:
    first = rows.iloc[0]
    alike = merged["device"].isin(first["devices"].split(" or "))
    for name in machines.ACROSS:
        alike &= merged[name] == first[name]
    return sorted(set(merged.loc[alike, "group"]))
