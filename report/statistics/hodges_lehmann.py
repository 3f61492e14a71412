"""The Hodges–Lehmann estimate and its interval, the exact inverse of Wilcoxon's signed-rank test.

The estimate is the median of the Walsh averages (xᵢ + xⱼ) / 2, i ≤ j. The ends of the interval are two of these
averages, chosen by the exact distribution of the test's statistic when every sign is equally likely. The method assumes
that the samples are symmetric about the true value. The log ratios of a duel are symmetric by design, because "base" is
only a label. The estimate is nearly as precise as the mean where samples are normal, and an outlier hardly moves it.
SciPy has the test, but not the interval.

Source: M. Hollander, D. A. Wolfe, E. Chicken, Nonparametric Statistical Methods, 3.2 and 3.3.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from report.statistics.intervals import Interval


def hodges_lehmann(samples: ArrayLike, confidence: float) -> Interval:
    """Return the estimate of the samples' center with its interval. The ends are NaN if there are too few samples."""
    values = np.asarray(samples, dtype=float)
    first, second = np.triu_indices(values.size)
    walsh = np.sort((values[first] + values[second]) / 2.0)
    outside = int(np.searchsorted(_tail(values.size), (1.0 - confidence) / 2.0, side="right"))
    if outside == 0:
        return Interval(float(np.median(walsh)), np.nan, np.nan)
    return Interval(float(np.median(walsh)), float(walsh[outside - 1]), float(walsh[-outside]))


@cache
def _tail(samples: int) -> np.ndarray:
    """Return P(W ≤ w), w = 0, 1, …, for the signed-rank statistic W of `samples` samples, all signs equally likely."""
    subsets = np.zeros(samples * (samples + 1) // 2 + 1)  # how many subsets of the ranks have the sum w
    subsets[0] = 1.0
    for rank in range(1, samples + 1):  # a subset has the rank or not
        subsets[rank:] = subsets[rank:] + subsets[:-rank]
    return np.cumsum(subsets) / 2.0**samples
