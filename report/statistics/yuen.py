"""Yuen's t on trimmed means, for all cases of a comparison at once.

On a shared machine, now and then a launch takes a third longer than the others, and one such launch moves a mean of ten
by three percent. From `MIN_TRIMMED` launches on, a trimmed mean leaves out a fifth of them at either end; its error
comes from the winsorized variance. For each case, this computes what `scipy.stats.ttest_ind(equal_var=False, trim=0.2)`
does; a test compares the two. SciPy's function does not take groups of unequal size in one call, and a comparison may
have a hundred thousand cases. Source: K. K. Yuen, The two-sample trimmed t for unequal population variances, Biometrika
61 (1974).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from report.statistics.welch import Array, Difference

TRIM = 0.2
"""The share of the launches that is left out at either end, rounded down."""

MIN_TRIMMED = 10
"""With fewer launches none is left out: the error of what is left of five would rest on three of them."""


@dataclass(frozen=True)
class Trimmed:
    """The trimmed means of several cases, with their squared standard errors.

    `count` is the number of values of each case, and `kept` how many of them the mean is of. NaN where a case has too
    few.
    """

    count: Array
    kept: Array
    mean: Array
    error: Array


def trimmed(values: Array) -> Trimmed:
    """Return the trimmed means over the last axis but one: units. The last axis is cases; NaN is a unit without one."""
    if values.shape[-2] == 0:
        values = np.full((*values.shape[:-2], 1, values.shape[-1]), np.nan)
    units = values.shape[-2]
    count = np.sum(~np.isnan(values), axis=-2).astype(float)
    cut = np.where(count >= MIN_TRIMMED, np.floor(TRIM * count), 0.0)
    kept = count - 2.0 * cut
    ranked = np.sort(values, axis=-2)  # a NaN is last
    rank = np.arange(units, dtype=float)[:, None]
    lowest, highest = cut[..., None, :], (count - cut - 1.0)[..., None, :]
    inside = (rank >= lowest) & (rank <= highest)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.sum(np.where(inside, ranked, 0.0), axis=-2) / kept
        ends = (np.take_along_axis(ranked, np.maximum(0, end).astype(np.intp), axis=-2) for end in (lowest, highest))
        there = rank < count[..., None, :]
        winsorized = np.where(there, np.clip(ranked, *ends), 0.0)
        center = np.sum(winsorized, axis=-2) / count
        squares = np.sum(np.where(there, (winsorized - center[..., None, :]) ** 2, 0.0), axis=-2)
        error = np.where(kept > 1.0, squares / (kept * (kept - 1.0)), np.nan)
    return Trimmed(count, kept, mean, error)


def difference(base: Trimmed, head: Trimmed) -> Difference:
    """Return how head differs from base, with unequal variances."""
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = base.error + head.error
        freedom = squared**2 / (base.error**2 / (base.kept - 1.0) + head.error**2 / (head.kept - 1.0))
    return Difference(head.mean - base.mean, np.sqrt(squared), freedom)
