"""How far the largest of many t statistics strays by chance: the correction for comparing many cases at once.

Bonferroni's correction takes the cases for unrelated and the noise for normal. The launches themselves know better: all
cases of a launch share its minute, and some times have heavy tails. So whole launches are dealt out anew to the two
sides, many times, after each side's mean has been taken off. Each deal has a largest |t| among the cases; the critical
value is a quantile of those. An interval of that many standard errors holds for all cases together. Source: P. H.
Westfall, S. S. Young, Resampling-Based Multiple Testing, 2.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from report.statistics.welch import Array

DEALS = 2000
"""How many deals are drawn. The 98 % quantile then rests on 40 of them."""

MIN_BEYOND = 5
"""So many different deals must lie beyond the quantile. At 98 %, five launches a side have just enough: 252 deals."""

MAX_SIZE = 20_000_000
"""Values of all cases and launches. With more, the deals would take minutes; then there is no critical value."""

CHUNK = 500
"""Cases whose deals are computed at once."""


def critical(base: Array, head: Array, confidence: float) -> float:
    """Return how many standard errors an interval needs to hold for all cases together at the confidence.

    The rows of `base` and `head` are launches, the columns are cases, and NaN is a launch without the case. The values
    are logarithms. Return NaN if there are too few launches for the confidence, or too many values.
    """
    launches = len(base) + len(head)
    deals = min(DEALS, math.comb(launches, len(base)))
    if (1.0 - confidence) * deals < MIN_BEYOND or launches * base.shape[1] > MAX_SIZE:
        return math.nan
    values = np.concatenate([_centered(base), _centered(head)])
    known = ~np.isnan(values)
    values = np.where(known, values, 0.0)
    random = np.random.default_rng(0)
    dealt = np.argsort(random.random((DEALS, launches)), axis=1) < len(base)
    largest = np.zeros(DEALS)
    for start in range(0, values.shape[1], CHUNK):
        chunk = slice(start, start + CHUNK)
        largest = np.fmax(largest, _largest(values[:, chunk], known[:, chunk].astype(float), dealt.astype(float)))
    return float(np.quantile(largest, confidence, method="higher"))


def _centered(side: Array) -> Array:
    """Return the launches of one side without its mean, scaled so that their variance is that of the launches."""
    count = np.sum(~np.isnan(side), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, np.nansum(side, axis=0) / count, np.nan)
        return cast("Array", (side - mean) * np.sqrt(count / (count - 1.0)))


def _largest(values: Array, known: Array, dealt: Array) -> Array:
    """Return the largest |t| of each deal. `dealt` says which launches it gives to base."""
    means, errors = [], []
    for side in (dealt, 1.0 - dealt):
        with np.errstate(invalid="ignore", divide="ignore"):
            count = side @ known
            mean = side @ values / count
            variance = (side @ values**2 / count - mean**2) * count / (count - 1.0)
            errors.append(np.where(count > 1, np.maximum(variance, 0.0), np.nan) / count)
        means.append(mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(means[1] - means[0]) / np.sqrt(errors[0] + errors[1])
    return np.fmax.reduce(np.where(np.isfinite(t), t, 0.0), axis=1)
