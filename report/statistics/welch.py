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
    return of_logs(np.log(values), codes, cases)


def of_logs(logs: Array, codes: Codes, cases: int) -> Replicates:
    """Return the replicates of `cases` cases from their logarithms."""
    count = np.bincount(codes, minlength=cases).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 gives NaN, as it should, where a case has no replicate
        mean = np.bincount(codes, logs, cases) / count
        variance = np.bincount(codes, (logs - mean[codes]) ** 2, cases) / (count - 1)
    return Replicates(count, mean, np.where(count > 1, variance, np.nan))


@dataclass(frozen=True)
class Difference:
    """log(head / base) of each case, with its standard error and the degrees of freedom of that error.

    The shift is NaN where a side has no replicate, the error where a side has fewer than two.
    """

    shift: Array
    error: Array
    freedom: Array

    def within(self, confidence: float) -> tuple[Array, Array]:
        """Return the ends of the interval of each case, by Student's t."""
        return self.around(self.critical(confidence))

    def critical(self, confidence: float) -> Array:
        """Return the half-width of each case's interval, by Student's t, in standard errors."""
        from scipy.special import stdtrit  # noqa: PLC0415 (only where something is compared)

        # Where all replicates are equal, the degrees of freedom are 0 / 0.
        return np.where(self.error == 0.0, 0.0, stdtrit(self.freedom, 0.5 + confidence / 2))

    def around(self, critical: Array | float) -> tuple[Array, Array]:
        """Return the ends of the interval of each case: so many standard errors around the shift."""
        half = critical * self.error
        return self.shift - half, self.shift + half


def difference(base: Replicates, head: Replicates) -> Difference:
    """Return how head differs from base, with unequal variances (Welch)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        old, new = base.variance / base.count, head.variance / head.count
        freedom = (old + new) ** 2 / (old**2 / (base.count - 1) + new**2 / (head.count - 1))
    return Difference(head.mean - base.mean, np.sqrt(old + new), freedom)


def change(base: Replicates, head: Replicates, confidence: float) -> tuple[Array, Array, Array]:
    """Return log(head / base) of each case, and the two ends of its interval.

    The change is NaN where a side has no replicate. The ends are NaN where a side has fewer than two.
    """
    found = difference(base, head)
    return found.shift, *found.within(confidence)
