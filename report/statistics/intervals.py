"""A median and how sure it is, by order statistics, which assume no distribution.

The rounds of one launch follow one another on a machine that drifts, so neighbouring rounds are alike. An interval that
takes each round for an independent sample is too narrow. Long series are therefore cut into blocks of neighbours, and
the interval is that of the blocks' medians (docs/methodology.md has the measured coverage of both).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
"""The confidence of one interval, unless another is named."""

BLOCKS = 10
"""Blocks of a long series: few, so that each lasts for a good part of the drift. The 95 % interval of 10 medians leaves
out one at either end."""


class Interval(NamedTuple):
    """An estimate with the two ends of its interval. The ends are NaN where there are too few samples for one."""

    center: float
    low: float
    high: float


UNKNOWN = Interval(np.nan, np.nan, np.nan)
"""The estimate of no samples."""


def median_interval(samples: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the median of `samples`, in the order in which they were measured, with its interval.

    The interval inverts the exact sign test (`scipy.stats.quantile_test`). Where there are at least four samples a
    block, it is that of the medians of `BLOCKS` blocks of neighbours. An interval of 95 % takes at least 6 samples.
    """
    from scipy.stats import quantile_test  # noqa: PLC0415 (takes a second to import: only where something was measured)

    values = np.asarray(samples, dtype=float)
    if values.size == 0:
        return UNKNOWN
    units = values
    if values.size >= 4 * BLOCKS:
        units = np.array([np.median(block) for block in np.array_split(values, BLOCKS)])
    ends: Any = quantile_test(units).confidence_interval(confidence)
    return Interval(float(np.median(values)), float(ends.low), float(ends.high))
