"""Welch's t on logarithms, for all cases of a comparison at once.

It is `scipy.stats.ttest_ind(equal_var=False)`, case by case. SciPy's function takes no groups of unequal size at once,
and a comparison may have a hundred thousand cases. A test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Replicates:
    """How many replicates each case has, with the mean and the variance of their logarithms; NaN where undefined."""

    count: Array
    mean: Array
    variance: Array


def replicates(values: Array, case: Codes, cases: int) -> Replicates:
    """Return the replicates of `cases` cases. `values[i]` is positive, and a replicate of case number `case[i]`."""
    logs = np.log(values)
    count = np.bincount(case, minlength=cases).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 gives NaN, as it should, where a case has no replicate
        mean = np.bincount(case, logs, cases) / count
        variance = np.bincount(case, (logs - mean[case]) ** 2, cases) / (count - 1)
    return Replicates(count, mean, np.where(count > 1, variance, np.nan))


def change(base: Replicates, head: Replicates, confidence: float) -> tuple[Array, Array, Array]:
    """Return log(head / base) of each case, and the two ends of its interval.

    The change is NaN where a side has no replicate. The ends are NaN where a side has no variance.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something is compared)

    shift = head.mean - base.mean
    with np.errstate(invalid="ignore", divide="ignore"):
        old, new = base.variance / base.count, head.variance / head.count
        freedom = (old + new) ** 2 / (old**2 / (base.count - 1) + new**2 / (head.count - 1))
    half = stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(old + new)
    half = np.where(old + new == 0.0, 0.0, half)  # replicates that are all equal: no degrees of freedom, no width
    return shift, shift - half, shift + half
