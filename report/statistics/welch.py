"""Welch's t on logarithms, for all cases of a comparison at once.

For each case, this computes what `scipy.stats.ttest_ind(equal_var=False)` does; a test compares the two. SciPy's
function does not take groups of unequal size in one call, and a comparison may have a hundred thousand cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]
"""The number of the case that each value belongs to."""


@dataclass(frozen=True)
class Replicates:
    """How many replicates each case has, with the mean and the variance of their logarithms.

    The mean is NaN without a replicate, the variance with fewer than two.
    """

    count: Array
    mean: Array
    variance: Array


def replicates(values: Array, codes: Codes, cases: int) -> Replicates:
    """Return the replicates of `cases` cases. `values[i]` is positive, and a replicate of case number `codes[i]`."""
    logs = np.log(values)
    count = np.bincount(codes, minlength=cases).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 gives NaN, as it should, where a case has no replicate
        mean = np.bincount(codes, logs, cases) / count
        variance = np.bincount(codes, (logs - mean[codes]) ** 2, cases) / (count - 1)
    return Replicates(count, mean, np.where(count > 1, variance, np.nan))


def change(base: Replicates, head: Replicates, confidence: float) -> tuple[Array, Array, Array]:
    """Return log(head / base) of each case, and the two ends of its interval.

    The change is NaN where a side has no replicate. The ends are NaN where a side has fewer than two.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something is compared)

    shift = head.mean - base.mean
    with np.errstate(invalid="ignore", divide="ignore"):
        old, new = base.variance / base.count, head.variance / head.count
        freedom = (old + new) ** 2 / (old**2 / (base.count - 1) + new**2 / (head.count - 1))
    half = stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(old + new)
    half = np.where(old + new == 0.0, 0.0, half)  # where all replicates are equal, the degrees of freedom are 0 / 0
    return shift, shift - half, shift + half
