"""The linear cost model, t(B) = overhead + cost per element · B.

Times span six decades, so the model is fitted to their logarithms: a relative error counts the same at every batch
size. Least squares of the seconds would fit the largest batch alone.

Let h = overhead / cost per element. This is the batch size at which half of the time is overhead (Hockney's n½). Let B'
be the largest batch size. Then log t(B) = log((h + B) / (h + B')) + log t(B'). For a given h, the best log t(B') is a
weighted mean. So h is the only unknown, and its whole range is searched. Neither cost can be negative: at h = 0 there
is no overhead, and at h = ∞ there is no cost per element.

The intervals are those of the profile likelihood. Of all pairs of costs, take those whose sum of squares is not
significantly larger than the smallest sum, by the F distribution. The interval of a cost reaches from its smallest to
its largest value among these pairs, and may reach down to 0.

Errors are assumed to be as large as the measured intervals say, plus `FLOOR`. Where the residuals are larger, all
errors are scaled up to them (R. T. Birge, Phys. Rev. 40, 207, 1932).

Source of the model: R. W. Hockney, The Science of Computer Benchmarking, SIAM 1996, 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from report.statistics.intervals import CONFIDENCE, Interval
from report.statistics.welch import Array

MIN_BATCH_SIZES = 3
"""The fewest batch sizes that are fitted. Two points always lie on a line."""

POOR = 0.2
"""A fit is poor if it misses a point by more than this share, beyond the point's own interval."""

FLOOR = 0.02
"""The smallest relative error of a time: a process's memory layout moves it by 1 to 3 % (docs/methodology.md)."""

NORMAL = 1.96
"""Half the width of a 95 % interval, in standard deviations."""

DECADES = 4
"""How far the search for h goes beyond the batch sizes. Farther out, one of the two costs is negligible everywhere."""

STEPS = 600
"""How many values of h are tried in each decade. Neighbours differ by 0.4 %."""


@dataclass(frozen=True)
class LinearCost:
    """The overhead and the cost per element, in seconds, and how far the model is off.

    `residual` is measured over modelled time, less 1, at the point that the model misses by the largest factor.
    `residual_at` is that point's batch size. If the fit is `poor`, the model does not describe the points, and its
    costs mean little.
    """

    overhead: Interval
    per_element: Interval
    residual: float
    residual_at: float
    poor: bool


def fit(sizes: ArrayLike, seconds: ArrayLike, low: ArrayLike, high: ArrayLike) -> LinearCost | None:
    """Return the costs that fit the seconds at these batch sizes best; `None` for fewer than `MIN_BATCH_SIZES`.

    `low` and `high` are the ends of the intervals of the seconds. They are NaN for a point without an interval.
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
    """Return half the width of each interval on logarithms; 0 for a point without an interval."""
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.log(high / low) / 2
    return np.where(np.isfinite(half), half, 0.0)


def _ratios(batch: Array) -> Array:
    """Return the values of h to search."""
    low, high = np.log10(batch.min()) - DECADES, np.log10(batch.max()) + DECADES
    return np.concatenate([[0.0], np.logspace(low, high, round(STEPS * (high - low))), [np.inf]])


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
    """Return for each h how far the log time of the largest batch may be from its best; NaN where h is excluded."""
    from scipy.stats import f  # noqa: PLC0415 (takes a second to import: only where something is fitted)

    freedom = points - 2
    allowed = max(1.0, squares[best] / freedom) * float(f.ppf(CONFIDENCE, 1, freedom))
    with np.errstate(invalid="ignore"):
        return np.sqrt((allowed - (squares - squares[best])) / weight)


def _profile(costs: Array, totals: Array, spread: Array, best: int) -> Interval:
    """Return the cost of the best fit, with the smallest and the largest cost that the data allow as its interval."""
    with np.errstate(over="ignore", under="ignore"):
        low, high = np.nanmin(costs * np.exp(totals - spread)), np.nanmax(costs * np.exp(totals + spread))
        return Interval(float(costs[best] * np.exp(totals[best])), float(low), float(high))
