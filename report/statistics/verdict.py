"""The verdict on a case, from the replicates of its two sides.

A replicate is one number from a fresh process: a launch's median, or the median log ratio of a duel's process pair. All
arithmetic is on logarithms, so that twice as slow and twice as fast are equally far from no change. A ratio is head
over base: above 1, head is slower.

There are two errors, and an interval against each:

- A false alarm is one of the whole suite: it stops a pull request, whichever case it is in. So a case has `regressed`
  if its interval at a confidence of all cases together lies above 1, and if its estimate is beyond the threshold. The
  interval says that the change is real, and the threshold that it matters. A rule that asked the whole interval to lie
  beyond the threshold would pass half of the slowdowns that are only just worth reporting.
- A change that is missed is one of its case. So `unchanged` rests on the interval of the case alone.

docs/methodology.md has the measured rates of both.
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
    UNCHANGED = "unchanged"  # the whole interval of the case alone is within the threshold
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


def judge(ratio: Interval, threshold: float, together: Interval | None = None) -> Verdict:
    """Return the verdict on a case: regressed, improved, unchanged or inconclusive. A threshold of 3 % is 0.03.

    `ratio` has the interval of the case alone, and `together` that of all cases together, if there are several.
    """
    alone, together = ratio, together or ratio
    slower, faster = 1.0 + threshold, 1.0 / (1.0 + threshold)
    if together.low > 1.0 and together.center > slower:
        return Verdict.REGRESSED
    if together.high < 1.0 and together.center < faster:
        return Verdict.IMPROVED
    return Verdict.UNCHANGED if within(alone, threshold) else Verdict.INCONCLUSIVE


def within(ratio: Interval, threshold: float) -> bool:
    """Return whether the whole interval is within the threshold."""
    return 1.0 / (1.0 + threshold) <= ratio.low and ratio.high <= 1.0 + threshold


def _exponentials(shift: float, low: float, high: float) -> Interval:
    return Interval(*(float(np.exp(value)) for value in (shift, low, high)))
