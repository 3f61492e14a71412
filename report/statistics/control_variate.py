"""The control variate: how much of a shift of the paired reference belongs into a case's seconds.

The reference is timed beside every round of a case. What moves the machine moves both, so part of the reference's own
shift can be taken off the case's. How much is estimated, because it depends on the day: on a calm machine the two
hardly move together, and a quotient would only add the reference's noise; on a busy one they move as one.

The weight of the reference is the slope of the case's logarithms over the reference's, within the cases, over all
launches of both sides. So a machine that moved between the sides counts too. The slope is multiplied by the share of
its square that is not its own error's, and lies between 0, the seconds, and 1, the ratio. That error takes the cases of
a launch for independent, which they are not quite, so it shrinks a little too little. Source: P. Glasserman, Monte
Carlo Methods in Financial Engineering, 4.1.
"""

from __future__ import annotations

import numpy as np

from report.statistics.welch import Array, Codes


def weights(case: Array, reference: Array, codes: Codes, groups: Codes, count: int) -> Array:
    """Return the weight of the reference in each of `count` groups of cases.

    `case` and `reference` are logarithms of seconds, one for each launch of a case. `codes` has the number of its case,
    `groups` that of its group. The weight is 0 in a group that has too few launches to estimate it.
    """
    y, x = (_within(values, codes) for values in (case, reference))
    launches = np.bincount(groups, minlength=count)
    cases = np.bincount(groups[_first(codes)], minlength=count)
    freedom = launches - cases - 1.0
    xx, xy, yy = (np.bincount(groups, product, count) for product in (x * x, x * y, y * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = xy / xx
        error = (yy - slope * xy) / freedom / xx
        shrunk = slope * np.maximum(0.0, 1.0 - error / slope**2)
    known = (freedom > 0) & (xx > 0.0) & np.isfinite(shrunk)
    return np.where(known, np.clip(shrunk, 0.0, 1.0) + 0.0, 0.0)


def _within(values: Array, codes: Codes) -> Array:
    """Return the values without the mean of their case."""
    means = np.bincount(codes, values) / np.maximum(1, np.bincount(codes))
    return np.asarray(values - means[codes], dtype=float)


def _first(codes: Codes) -> Codes:
    """Return the indices of the first value of each case."""
    return np.asarray(np.unique(codes, return_index=True)[1], dtype=np.intp)
