"""A run as github-action-benchmark's tool `customSmallerIsBetter` reads it: a JSON list with an object for each case.

The unit is always microseconds a step, since the action compares the numbers without their units.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from report.run import cases
from report.write import sections, units


def as_json(frame: pd.DataFrame) -> str:
    """Return the cases that have a time, sorted by name. `range` is half the width of the interval of `value`."""
    rows = cases.timed(cases.from_rows(frame))
    rows = rows.assign(name=sections.titles(rows)).sort_values(["name", "backend", "batch_size"])
    return json.dumps([_entry(row) for _, row in rows.iterrows()], indent=1, ensure_ascii=False) + "\n"


def _entry(row: pd.Series) -> dict[str, Any]:
    ratio = "" if pd.isna(row["ratio"]) else f"\n{units.ratio(row['ratio'])} of hand-derived NumPy"
    entry: dict[str, Any] = {
        "name": f"{row['name']}, {row['backend']} at {row['batch_size']}",
        "unit": "µs/step",
        "value": float(f"{1e6 * row['seconds_per_step']:.6g}"),
    }
    half = 1e6 * (row["step_high"] - row["step_low"]) / 2
    if not pd.isna(half):
        entry["range"] = f"± {half:.3g}"
    return entry | {"extra": f"{units.count(int(row['launches']), 'launch', 'launches')}{ratio}"}
