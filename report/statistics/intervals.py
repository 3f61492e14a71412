"""The median of samples with its confidence interval, by order statistics, which assume no distribution.

The rounds of one launch follow one another on a machine that drifts, so neighbouring rounds are alike. An interval that
takes each round for an independent sample is too narrow. A long series is therefore cut into blocks of neighbours, and
its interval is that of the blocks' medians (docs/methodology.md has the measured coverage of both).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
"""The confidence of one interval, unless another is named."""

BLOCKS = 10
"""How many blocks a long series has: few, so that a block lasts for a good part of the drift. The 95 % interval of 10
medians leaves out one median at either end."""


class Interval(NamedTuple):
    """An estimate with the two ends of its interval. The ends are NaN if there are too few samples for an interval."""

    center: float
    low: float
    high: float


UNKNOWN = Interval(np.nan, np.nan, np.nan)
"""No estimate and no interval."""


WIDENED = {0: 1.25, 12: 2.0}
"""How many times as wide the interval of a case's rounds is, from so many rounds on.

Neighbouring rounds are so alike that blocks alone leave the interval too narrow. With these factors it holds the median
of the next rounds about as often as that of rounds in random order (`experiments.coverage`).
"""


def rounds_interval(samples: ArrayLike) -> Interval:
    """Return the median of the rounds of one case in one process, with its interval, widened for their likeness."""
    center, low, high = median_interval(samples)
    factor = WIDENED[max(rounds for rounds in WIDENED if rounds <= np.size(samples))]
    bottom = float(np.maximum(0.0, center - factor * (center - low)))  # not Python's own: it drops a NaN
    return Interval(center, bottom, center + factor * (high - center))


def median_interval(samples: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the median of `samples` with its interval. The samples are in the order in which they were measured.

    The interval inverts the exact sign test, as `scipy.stats.quantile_test` does. If each of `BLOCKS` blocks has at
    least four samples, it is the interval of the blocks' medians. A 95 % interval needs at least 6 samples.
    """
    from scipy.special import bdtr  # noqa: PLC0415 (scipy.stats takes each worker 0.6 s to import)

    values = np.asarray(samples, dtype=float)
    if values.size == 0:
        return UNKNOWN
    independent = values
    if values.size >= 4 * BLOCKS:
        independent = np.array([np.median(block) for block in np.array_split(values, BLOCKS)])
    size = independent.size
    left_out = np.count_nonzero(bdtr(np.arange(size), size, 0.5) <= (1.0 - confidence) / 2.0)
    ends = np.sort(independent)[[left_out - 1, size - left_out]] if left_out else (np.nan, np.nan)
    return Interval(float(np.median(values)), float(ends[0]), float(ends[1]))
