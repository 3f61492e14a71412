"""Where a series of runs changed for good: `ruptures` suggests change points, and the project's verdict confirms them.

Values are logarithms, so that twice and half are alike. A single wild run is no change: a value far from the median of
its neighbours is first set to that median. `ruptures` then cuts the series where the sum of squares falls by more than
a penalty, four times that of Schwarz's criterion, with the noise estimated from the steps between neighbours. Each cut
is a suspect. It is reported as a change where the runs before and after differ as `report.statistics.verdict` asks: an
interval clear of 1, all suspects together, and an estimate beyond the threshold. Wild runs are left out there too, by
the same rule: one night that took three times as long would hide a change of a fifth among thirty nights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from report.errors import ReportError
from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import Verdict

MIN_RUNS = 5
"""How many runs a change must last. With fewer, nobody can tell a change from a bad night."""

PENALTY = 8.0
WINDOW = 7
WILD = 3.0
MIN_NOISE = 1e-4
"""Noise below this counts as this: a series without any noise would otherwise change with every rounding."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A change that lasts: the index of its first run, and the ratio of the runs after it to the runs before."""

    index: int
    change: Interval
    verdict: Verdict


def steps(values: Array, threshold: float, confidence: float) -> list[Step]:
    """Return the changes of a series that are beyond the threshold, at `confidence` for the whole series."""
    logs = np.log(values)
    noise = max(MIN_NOISE, _noise(logs)) if len(logs) > 1 else MIN_NOISE
    calm = _without_wild(logs, noise)
    found = suspects(calm, noise)
    parts = [np.exp(calm[first:last]) for first, last in pairwise([0, *found, len(calm)])]
    of_one = verdict.corrected(confidence, len(found))
    changes = [verdict.unpaired(before, after, of_one) for before, after in pairwise(parts)]
    judged = [
        Step(index, change, verdict.judge(change, threshold)) for index, change in zip(found, changes, strict=True)
    ]
    return [step for step in judged if step.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]


def suspects(calm: Array, noise: float) -> list[int]:
    """Return where `ruptures` cuts the series: the index at which each stretch but the first begins."""
    try:
        import ruptures  # noqa: PLC0415 (of an extra)
    except ImportError as error:
        raise ReportError("change points need ruptures: pip install -c constraints.txt '.[report]'") from error
    if len(calm) < 2 * MIN_RUNS:
        return []
    penalty = PENALTY * noise**2 * np.log(len(calm))
    ends = ruptures.KernelCPD(kernel="linear", min_size=MIN_RUNS).fit(calm.reshape(-1, 1)).predict(pen=penalty)
    return [int(end) for end in ends[:-1]]


def _noise(logs: Array) -> float:
    """Return the standard deviation of a run about its neighbours, by a median, which steps hardly move."""
    differences = np.diff(logs)
    return float(1.4826 * np.median(np.abs(differences - np.median(differences))) / np.sqrt(2))


def _without_wild(logs: Array, noise: float) -> Array:
    """Return the series with every wild value replaced by the median of its neighbours."""
    around = pd.Series(logs).rolling(WINDOW, center=True, min_periods=1).median().to_numpy()
    return np.where(np.abs(logs - around) > WILD * noise, around, logs)
