"""The negative control: the rows of hand-derived NumPy, which no change of a framework can move.

Its seconds say whether the machine moved. Its ratio to its own paired rounds says how far a ratio moves without any
cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from report.compare import changes
from report.compare.changes import Measure
from report.compare.findings import Control, ControlRatioMoved, NoControl, Note, Range
from report.compare.sides import REFERENCE_CONDITIONS, Sides
from report.table.keys import CASE, CONTROL


def notes(sides: Sides, threshold: float) -> Iterator[Note]:
    """Yield what the control says. Yield nothing if the sides differ, by design, in what moves NumPy too."""
    if sides.by in {*CASE, *REFERENCE_CONDITIONS}:
        return
    is_control = (sides.rows["backend"] == CONTROL).to_numpy()
    control = replace(sides, rows=sides.rows[is_control].reset_index(drop=True), head=sides.head[is_control])
    seconds, ratios = (_changes(control, measure) for measure in (Measure.SECONDS, Measure.RATIO))
    if seconds.empty:
        yield NoControl(paired=bool(sides.rows[changes.RATIO].notna().any()))
        return
    yield Control(_range(seconds), _moved(seconds, threshold))
    if _moved(ratios, threshold):
        yield ControlRatioMoved(_range(ratios))


def _changes(control: Sides, measure: Measure) -> pd.Series:
    """Return head over base of a measure, for each case of the control that has it on both sides."""
    if control.rows.empty:
        return pd.Series(dtype=float)
    return changes.measured(control, measure)["ratio"].dropna()


def _moved(ratios: pd.Series, threshold: float) -> bool:
    return bool((np.abs(np.log(ratios)) > np.log1p(threshold)).any())


def _range(ratios: pd.Series) -> Range:
    return Range(float(np.exp(np.log(ratios).mean())), float(ratios.min()), float(ratios.max()), len(ratios))
