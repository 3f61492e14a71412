"""A run for github-action-benchmark, as its tool `customSmallerIsBetter` reads it: a JSON list, an object a case.

The unit is the same in every run, since the action compares bare numbers: microseconds a step.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from report.run import cases, estimates
from report.write import units


def as_json(frame: pd.DataFrame) -> str:
    """Return the cases that have a time, by name: `value` and half of the interval's width, `range`."""
    rows = estimates.timed(cases.merged(frame))
    rows = rows.assign(name=cases.titles(rows)).sort_values(["name", "backend", "batch_size"])
    return json.dumps([_entry(row) for _, row in rows.iterrows()], indent=1, ensure_ascii=False) + "\n"


def _entry(row: pd.Series) -> dict[str, Any]:
    ratio = "" if pd.isna(row["ratio_to_numpy"]) else f"\n{units.ratio(row['ratio_to_numpy'])} of NumPy by hand"
    found: dict[str, Any] = {
        "name": f"{row['name']}, {row['backend']} at {row['batch_size']}",
        "unit": "µs/step",
        "value": float(f"{1e6 * row['seconds_per_step']:.6g}"),
    }
    half = 1e6 * (row["step_high"] - row["step_low"]) / 2
    if not pd.isna(half):
        found["range"] = f"± {half:.3g}"
    launches = int(row["launches"])
    return found | {"extra": f"{launches} launch{'' if launches == 1 else 'es'}{ratio}"}
