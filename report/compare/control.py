"""The negative control: the rows of hand-derived NumPy, which no change of a framework can move.

Their seconds say whether the machine moved. Their ratio to their own paired rounds says how far a ratio moves without
any cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from report.compare import changes
from report.compare.findings import Control, ControlRatioMoved, NoControl, Note, Range
from report.compare.sides import REFERENCE_CONDITIONS, Sides
from report.table.keys import CASE, CONTROL

ANY_CONFIDENCE = 0.5
"""The control's intervals are not used."""


def notes(sides: Sides, threshold: float) -> Iterator[Note]:
    """Yield what the control says; nothing where the sides differ in what moves NumPy too."""
    if sides.by in {*CASE, *REFERENCE_CONDITIONS}:
        return
    ours = (sides.rows["backend"] == CONTROL).to_numpy()
    rows = replace(sides, rows=sides.rows[ours].reset_index(drop=True), head=sides.head[ours])
    seconds, ratios = (_ratios(rows, measure) for measure in (changes.SECONDS, changes.RATIO))
    if seconds.empty:
        yield NoControl()
        return
    yield Control(_range(seconds), _moved(seconds, threshold))
    if _moved(ratios, threshold):
        yield ControlRatioMoved(_range(ratios))


def _ratios(rows: Sides, measure: str) -> pd.Series:
    found = changes.measured(rows, (measure,), ANY_CONFIDENCE) if len(rows.rows) else pd.DataFrame({"ratio": []})
    return found["ratio"].dropna()


def _moved(ratios: pd.Series, threshold: float) -> bool:
    return bool((np.abs(np.log(ratios)) > np.log1p(threshold)).any())


def _range(ratios: pd.Series) -> Range:
    return Range(float(np.exp(np.log(ratios).mean())), float(ratios.min()), float(ratios.max()), len(ratios))
