"""The linear cost model, t(B) = overhead + cost per element · B.

Times span six decades, so the fit is of logarithms: a relative error counts alike at every batch size. Least squares of
the seconds would fit the largest batch alone. With h = overhead / cost per element, the batch size at which half of the
time is overhead (Hockney's n½), log t = log((h + B) / (h + B')) + log t(B'). For each h the best t(B') is a weighted
mean, so one parameter is left, and all of its range is searched. Neither cost can be negative: h = 0 is no overhead,
and h = ∞ no cost per element.

Intervals are those of the profile likelihood: the smallest and the largest overhead (cost per element) of all pairs
whose sum of squares is not significantly larger than the smallest sum, by the F distribution. Errors are taken to be as
large as the measured intervals say, plus `FLOOR`. Where the residuals are larger, all errors are scaled by them
(R. T. Birge, Phys. Rev. 40, 207, 1932). An interval may reach down to 0.

Source of the model: R. W. Hockney, The Science of Computer Benchmarking, SIAM 1996, 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from report.statistics.intervals import CONFIDENCE, Interval
from report.statistics.welch import Array

MIN_BATCH_SIZES = 3
"""Two points lie on a line whatever they cost."""

POOR = 0.2
"""A fit is poor where it misses a point by more than this share, beyond the point's own interval."""

FLOOR = 0.02
"""How well a time is known at best: a process's memory layout moves it by 1 to 3 % (docs/methodology.md)."""

NORMAL = 1.96
"""Half of a 95 % interval, in standard deviations."""

DECADES = 4
"""How far the search goes beyond the batch sizes. Farther out, one of the two costs is lost in the other everywhere."""

STEPS = 600
"""Points of the search a decade; neighbours differ by 0.4 %."""


@dataclass(frozen=True)
class LinearCost:
    """Seconds a call and seconds an element, and how far the model is off where it is off most.

    `residual` is measured over modelled time, less 1, at the point that the model misses by the largest factor, and
    `residual_at` is that point's batch size. Where the fit is `poor`, the model does not describe the points, and its
    costs mean little.
    """

    overhead: Interval
    per_element: Interval
    residual: float
    residual_at: float
    poor: bool


def fit(sizes: ArrayLike, seconds: ArrayLike, low: ArrayLike, high: ArrayLike) -> LinearCost | None:
    """Return the costs that explain the seconds at these batch sizes; `None` for fewer than `MIN_BATCH_SIZES`.

    `low` and `high` are the ends of the intervals of the seconds, NaN where a point has no interval.
    """
    batch, logs = np.asarray(sizes, dtype=float), np.log(np.asarray(seconds, dtype=float))
    if len(np.unique(batch)) < MIN_BATCH_SIZES:
        return None
    half = _half_widths(np.asarray(low, dtype=float), np.asarray(high, dtype=float))
    weights = 1.0 / ((half / NORMAL) ** 2 + FLOOR**2)
    ratios = _ratios(batch)
    shapes = _shapes(ratios, batch)
    totals = (logs - shapes) @ weights / weights.sum()
    squares = (logs - shapes - totals[:, None]) ** 2 @ weights
    best = int(squares.argmin())
    spread = _spread(squares, best, len(batch), weights.sum())
    overhead, per_element = (_profile(costs, totals, spread, best) for costs in _costs(ratios, batch))
    residuals = logs - shapes[best] - totals[best]
    worst = int(np.abs(residuals).argmax())
    poor = bool((np.abs(residuals) - half > np.log1p(POOR)).any())
    return LinearCost(overhead, per_element, float(np.expm1(residuals[worst])), float(batch[worst]), poor)


def _half_widths(low: Array, high: Array) -> Array:
    """Return half the widths of the intervals on logarithms; 0 where a point has no interval."""
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.log(high / low) / 2
    return np.where(np.isfinite(half), half, 0.0)


def _ratios(batch: Array) -> Array:
    """Return the values of h to search."""
    least, most = np.log10(batch.min()) - DECADES, np.log10(batch.max()) + DECADES
    return np.concatenate([[0.0], np.logspace(least, most, round(STEPS * (most - least))), [np.inf]])


def _shapes(ratios: Array, batch: Array) -> Array:
    """Return for each h the logarithm of each batch's time over the time of the largest batch."""
    finite = np.where(np.isinf(ratios), 1.0, ratios)[:, None]
    return np.where(np.isinf(ratios)[:, None], 0.0, np.log((finite + batch) / (finite + batch.max())))


def _costs(ratios: Array, batch: Array) -> tuple[Array, Array]:
    """Return for each h the overhead and the cost per element, as shares of the largest batch's time."""
    with np.errstate(invalid="ignore"):
        overhead = np.where(np.isinf(ratios), 1.0, ratios / (ratios + batch.max()))
    return overhead, 1.0 / (ratios + batch.max())


def _spread(squares: Array, best: int, points: int, weight: float) -> Array:
    """Return for each h how far the log time of the largest batch may be from its best; NaN where h is too far off."""
    from scipy.stats import f  # noqa: PLC0415 (takes a second to import: only where something is fitted)

    freedom = points - 2
    allowed = max(1.0, squares[best] / freedom) * float(f.ppf(CONFIDENCE, 1, freedom))
    with np.errstate(invalid="ignore"):
        return np.sqrt((allowed - (squares - squares[best])) / weight)


def _profile(costs: Array, totals: Array, spread: Array, best: int) -> Interval:
    """Return the cost of the best fit, with the smallest and the largest cost that the data allow."""
    with np.errstate(over="ignore", under="ignore"):
        low, high = np.nanmin(costs * np.exp(totals - spread)), np.nanmax(costs * np.exp(totals + spread))
        return Interval(float(costs[best] * np.exp(totals[best])), float(low), float(high))
