"""The negative control: the hand-derived NumPy rows, which no change of a framework can move.

Their seconds tell whether the machine moved. Their ratio to their own paired rounds tells how far a ratio moves with no
cause at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from report.compare import changes
from report.compare.sides import REFERENCE_CONDITIONS, Sides
from report.table.keys import CASE, CONTROL
from report.write import units


def notes(sides: Sides, threshold: float) -> Iterator[str]:
    """Yield what the control says; nothing, where the sides differ in what moves NumPy too."""
    if sides.by in {*CASE, *REFERENCE_CONDITIONS}:
        return
    ours = (sides.rows["backend"] == CONTROL).to_numpy()
    rows = replace(sides, rows=sides.rows[ours].reset_index(drop=True), head=sides.head[ours])
    seconds, ratios = (_ratios(rows, measure) for measure in (changes.SECONDS, changes.RATIO))
    if seconds.empty:
        yield f"no negative control: no rows of '{CONTROL}' with a time on both sides; race it with --backend {CONTROL}"
        return
    yield _machine(seconds, threshold)
    if _moved(ratios, threshold):
        yield (
            f"the control's ratio to its own paired rounds moved too, {_range(ratios)}: no framework did that, so "
            "changes of this size may be the machine's, or the hand-derived code's"
        )


def _ratios(rows: Sides, measure: str) -> pd.Series:
    found = changes.measured(rows, (measure,), 0.5) if len(rows.rows) else pd.DataFrame({"ratio": []})
    return found["ratio"].dropna()


def _machine(seconds: pd.Series, threshold: float) -> str:
    if not _moved(seconds, threshold):
        return f"the machine held still: hand-derived NumPy took {_range(seconds)} of its seconds in base"
    return (
        f"the machine moved: hand-derived NumPy took {_range(seconds)} of its seconds in base. (Or it was changed: "
        "NumPy, or the code.) The ratio to NumPy cancels most of that; seconds do not"
    )


def _moved(ratios: pd.Series, threshold: float) -> bool:
    return bool((np.abs(np.log(ratios)) > np.log1p(threshold)).any())


def _range(ratios: pd.Series) -> str:
    """Return the geometric mean, and the ends: `×1.02 (×0.99 to ×1.05, 4 cases)`."""
    mean, low, high = (
        f"×{units.factor(value)}" for value in (np.exp(np.log(ratios).mean()), ratios.min(), ratios.max())
    )
    return f"{mean} ({low} to {high}, {len(ratios):,} cases)" if len(ratios) > 1 else mean
