"""The verdict on a case, from the replicates of its two sides.

A replicate is one number from a fresh process: a launch's median, or the median log ratio of a duel's process pair. All
arithmetic is on logarithms, so that twice as slow and twice as fast are equally far from no change. A ratio is head
over base: above 1, head is slower.

A case has `regressed` if its interval lies above 1, at a confidence that holds for all cases together, and if its
estimate is beyond the threshold. The interval says that the change is real, and the threshold that it matters. A rule
that asked the whole interval to lie beyond the threshold would pass half of the slowdowns that are only just worth
reporting. docs/methodology.md has the measured rates of both kinds of error.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from report.statistics import welch
from report.statistics.hodges_lehmann import hodges_lehmann
from report.statistics.intervals import Interval

FAMILY_CONFIDENCE = 0.95
"""The confidence of a duel's verdicts, all cases together."""

MIN_LAUNCHES = 3
"""How many launches each side needs before anything is concluded. The spread of two is only a guess."""


class Verdict(StrEnum):
    """What a comparison says of one case."""

    REGRESSED = "regressed"  # head is slower, beyond the threshold
    IMPROVED = "improved"  # head is faster, beyond the threshold
    UNCHANGED = "unchanged"  # the whole interval is within the threshold
    INCONCLUSIVE = "inconclusive"  # none of the three is proven
    MISSING = "missing"  # base has a time, head has no row
    NEW = "new"  # head has a time, base has none
    FAILED = "failed"  # head has a row without a time, for a reason that base did not have
    UNTIMED = "untimed"  # neither side has a time, and nothing got worse


def corrected(confidence: float, cases: int) -> float:
    """Return the confidence that each of `cases` intervals needs for all to hold at `confidence` (Bonferroni)."""
    return 1.0 - (1.0 - confidence) / max(1, cases)


def unpaired(base: ArrayLike, head: ArrayLike, confidence: float) -> Interval:
    """Return the ratio of head to base from independent replicates of either side, by Welch's t on logarithms.

    The replicates are seconds, or ratios to NumPy. With fewer than `MIN_LAUNCHES` on a side there is no interval.
    """
    sides = [np.asarray(side, dtype=float) for side in (base, head)]
    old, new = (welch.replicates(side, np.zeros(side.size, dtype=np.intp), 1) for side in sides)
    shift, low, high = (float(end[0]) for end in welch.change(old, new, confidence))
    if min(side.size for side in sides) < MIN_LAUNCHES:
        low = high = np.nan
    return _exponentials(shift, low, high)


def paired(logs: ArrayLike, confidence: float) -> Interval:
    """Return the ratio of head to base from the log ratios of process pairs: the Hodges–Lehmann estimate."""
    return _exponentials(*hodges_lehmann(logs, confidence))


def judge(ratio: Interval, threshold: float) -> Verdict:
    """Return the verdict on a ratio: regressed, improved, unchanged or inconclusive. A threshold of 3 % is 0.03."""
    slower, faster = 1.0 + threshold, 1.0 / (1.0 + threshold)
    if ratio.low > 1.0 and ratio.center > slower:
        return Verdict.REGRESSED
    if ratio.high < 1.0 and ratio.center < faster:
        return Verdict.IMPROVED
    if faster <= ratio.low and ratio.high <= slower:
        return Verdict.UNCHANGED
    return Verdict.INCONCLUSIVE


def _exponentials(shift: float, low: float, high: float) -> Interval:
    return Interval(*(float(np.exp(value)) for value in (shift, low, high)))
