"""Where a series of runs changed for good: `ruptures` suggests change points, and the project's verdict confirms them.

The series is analysed as logarithms, so that twice as slow and twice as fast are changes of the same size.

1. A single outlier is not a change. A value far from the median of its neighbours is first replaced by that median.
2. `ruptures` cuts the series wherever a cut lowers the sum of squares by more than a penalty, which is four times that
   of Schwarz's criterion. The noise in the penalty is estimated from the differences between neighbours. Each cut is a
   suspect.
3. A suspect is reported as a change if the runs before and after it pass `report.statistics.verdict`: the interval lies
   clear of 1, at a confidence that holds for all suspects together, and the estimate is beyond the threshold. This step
   uses the series without its outliers too. Otherwise one night that took three times as long would hide a change of
   20 % among thirty nights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from report.errors import ReportError
from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import Verdict
from report.statistics.welch import Array

MIN_RUNS = 5
"""How many runs a change must last. With fewer, nobody can tell a change from a bad night."""

PENALTY = 8.0
"""The penalty of a cut, in units of noise² · log(number of runs). Schwarz's criterion has 2."""

WINDOW = 7
"""How many runs the median of the neighbours is taken over."""

OUTLIER = 3.0
"""An outlier is farther than this from the median of its neighbours, in standard deviations of the noise."""

MIN_NOISE = 1e-4
"""The smallest noise that is assumed. In a series without any noise, every rounding error would count as a change."""


@dataclass(frozen=True)
class Step:
    """A change that lasts: the index of its first run, and the ratio of the runs after it to the runs before."""

    index: int
    change: Interval
    verdict: Verdict


def steps(values: Array, threshold: float, confidence: float) -> list[Step]:
    """Return the changes of a series that are beyond the threshold.

    `values` are positive, in the order of the runs. `confidence` holds for all changes of the series together.
    """
    logs = np.log(values)
    noise = _noise(logs)
    smoothed = _without_outliers(logs, noise)
    cuts = _cuts(smoothed, noise)
    stretches = [np.exp(smoothed[first:end]) for first, end in pairwise([0, *cuts, len(smoothed)])]
    of_one = verdict.corrected(confidence, len(cuts))
    changes = [verdict.unpaired(before, after, of_one) for before, after in pairwise(stretches)]
    suspects = [Step(cut, change, verdict.judge(change, threshold)) for cut, change in zip(cuts, changes, strict=True)]
    return [step for step in suspects if step.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]


def _cuts(logs: Array, noise: float) -> list[int]:
    """Return the indices at which `ruptures` cuts the series.

    Raise `ReportError` if `ruptures` is not installed.
    """
    try:
        import ruptures  # noqa: PLC0415 (of an extra)
    except ImportError as error:
        raise ReportError("change points need ruptures: pip install -c constraints.txt '.[report]'") from error
    if len(logs) < 2 * MIN_RUNS:
        return []
    penalty = PENALTY * noise**2 * np.log(len(logs))
    ends = ruptures.KernelCPD(kernel="linear", min_size=MIN_RUNS).fit(logs.reshape(-1, 1)).predict(pen=penalty)
    return [int(end) for end in ends[:-1]]


def _noise(logs: Array) -> float:
    """Return the standard deviation of a run about its neighbours. It is based on a median, which steps hardly move."""
    differences = np.diff(logs)
    if differences.size == 0:
        return MIN_NOISE
    deviation = 1.4826 * np.median(np.abs(differences - np.median(differences))) / np.sqrt(2)
    return max(MIN_NOISE, float(deviation))


def _without_outliers(logs: Array, noise: float) -> Array:
    """Return the series with every outlier replaced by the median of its neighbours."""
    medians = pd.Series(logs).rolling(WINDOW, center=True, min_periods=1).median().to_numpy()
    return np.where(np.abs(logs - medians) > OUTLIER * noise, medians, logs)
