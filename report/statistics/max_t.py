"""How far the largest of many t statistics strays by chance: the correction for comparing many cases at once.

Bonferroni's correction takes the cases for unrelated and the noise for normal. The launches themselves know better: all
cases of a launch share its minute, and some times have heavy tails. So each side's trimmed mean is taken off, and whole
launches are assigned to the two sides at random, many times: a permutation test, which takes the launches of both sides
to scatter alike. Each permutation has a largest |t| among the cases; the critical value is a quantile of those. An
interval of that many standard errors holds for all cases together. Source: P. H. Westfall, S. S. Young,
Resampling-Based Multiple Testing, 2.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from report.statistics import yuen
from report.statistics.welch import Array

PERMUTATIONS = 1000
"""How many are drawn. The 98 % quantile then rests on 20 of them."""

MIN_LAUNCHES = 8
"""Each side needs so many launches: with fewer, too many suites were wrong (docs/methodology.md)."""

MIN_BEYOND = 5
"""So many permutations must lie beyond the quantile."""

MAX_SIZE = 100_000
"""Values of all cases and launches. With more, the permutations would take minutes; then there is no critical value."""

CHUNK = 50
"""Permutations that are computed at once."""


def critical(base: Array, head: Array, confidence: float) -> float:
    """Return how many standard errors an interval needs to hold for all cases together at the confidence.

    The rows of `base` and `head` are launches, the columns are cases, and NaN is a launch without the case. The values
    are logarithms. Return NaN if there are too few launches for the confidence, or too many values.
    """
    launches = len(base) + len(head)
    few = min(len(base), len(head)) < MIN_LAUNCHES or (1.0 - confidence) * PERMUTATIONS < MIN_BEYOND
    if few or launches * base.shape[1] > MAX_SIZE:
        return np.nan
    values = np.concatenate([_centered(base), _centered(head)])
    orders = np.argsort(np.random.default_rng(0).random((PERMUTATIONS, launches)), axis=1)
    largest = [_largest(values[orders[start : start + CHUNK]], len(base)) for start in range(0, PERMUTATIONS, CHUNK)]
    return float(np.quantile(np.concatenate(largest), confidence, method="higher"))


def _centered(side: Array) -> Array:
    """Return the launches of one side without its mean, scaled so that their variance is that of the launches."""
    of_side = yuen.trimmed(side)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (side - of_side.mean) * np.sqrt(of_side.count / (of_side.count - 1.0))


def _largest(permuted: Array, base: int) -> Array:
    """Return the largest |t| of each permutation. Its axes are launches and cases; the first launches are base's."""
    found = yuen.difference(yuen.trimmed(permuted[:, :base]), yuen.trimmed(permuted[:, base:]))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(found.shift) / found.error
    return cast("Array", np.max(np.where(np.isfinite(t), t, 0.0), axis=1))
