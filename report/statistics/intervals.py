"""A median and how sure it is: order statistics, which assume no distribution.

Rounds of one launch follow one another on a machine that drifts, so neighbours are alike and an interval that takes
each for an independent sample is too narrow. Long series are therefore first cut into blocks of neighbours, and the
interval is that of the blocks' medians (docs/methodology.md has the measured coverage of both).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
BLOCKS = 10
"""Few, so that each outlasts a good part of the drift; of 10, the interval of 95 % leaves out one at either end."""


class Interval(NamedTuple):
    """A median with the ends of its interval; the ends are NaN where there are too few samples for one."""

    center: float
    low: float
    high: float


NOTHING = Interval(np.nan, np.nan, np.nan)
"""Of no samples."""


def median_interval(samples: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the median of samples in the order of their measuring, with its interval.

    The exact sign-test interval (`scipy.stats.quantile_test`), over medians of `BLOCKS` blocks of neighbours where
    there are at least four times as many samples. It takes 6 samples to have an interval of 95 %.
    """
    from scipy.stats import quantile_test  # noqa: PLC0415 (a second to import: only where something was measured)

    values = np.asarray(samples, dtype=float)
    if values.size == 0:
        return NOTHING
    units = values
    if values.size >= 4 * BLOCKS:
        units = np.array([np.median(block) for block in np.array_split(values, BLOCKS)])
    ends: Any = quantile_test(units).confidence_interval(confidence)
    return Interval(float(np.median(values)), float(ends.low), float(ends.high))
