"""The Hodges–Lehmann estimate and its interval, the exact inverse of Wilcoxon's signed-rank test.

The estimate is the median of the Walsh averages (xᵢ + xⱼ) / 2, i ≤ j. The ends of the interval are two of these
averages, chosen by the exact distribution of the statistic when signs are tossed. The method assumes that the samples
are symmetric about the true value. The log ratios of a duel are symmetric by design, because "base" is only a label.
The estimate is nearly as precise as the mean where samples are normal, and one wild sample hardly moves it. SciPy has
the test, but not the interval.

Source: M. Hollander, D. A. Wolfe, E. Chicken, Nonparametric Statistical Methods, 3.2 and 3.3.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from report.statistics.intervals import Interval


def hodges_lehmann(samples: ArrayLike, confidence: float) -> Interval:
    """Return the estimate of the samples' center with its interval; the ends are NaN where the samples are too few."""
    values = np.asarray(samples, dtype=float)
    first, second = np.triu_indices(values.size)
    walsh = np.sort((values[first] + values[second]) / 2.0)
    outside = int(np.searchsorted(_tail(values.size), (1.0 - confidence) / 2.0, side="right"))
    if outside == 0:
        return Interval(float(np.median(walsh)), np.nan, np.nan)
    return Interval(float(np.median(walsh)), float(walsh[outside - 1]), float(walsh[-outside]))


@cache
def _tail(samples: int) -> np.ndarray:
    """Return P(W ≤ w), w = 0, 1, …, of the signed-rank statistic of so many samples, all signs equally likely."""
    ways = np.zeros(samples * (samples + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, samples + 1):  # each rank is in the sum or not
        ways[rank:] = ways[rank:] + ways[:-rank]
    return np.cumsum(ways) / 2.0**samples
