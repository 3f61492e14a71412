"""From replicates of two sides to a verdict.

A replicate is one number of a fresh process: a launch's median, or the median log ratio of a duel's process pair. All
arithmetic is on logarithms, so that twice as slow and twice as fast are equally far from no change. A ratio is head
over base: above 1, head is slower.

A case has `regressed` where two things hold: its interval lies above 1, at a confidence that holds for all cells
together, and its best estimate is beyond the threshold. The first is about doubt, the second about what matters. To ask
instead that the whole interval lie beyond the threshold would let half of the slowdowns pass that are only just worth
reporting. docs/methodology.md has the measured rates of both kinds of error.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from report.statistics import hodges_lehmann, welch
from report.statistics.intervals import Interval

CONFIDENCE = 0.95
"""How sure the verdicts of one comparison are, all cells together."""

MIN_LAUNCHES = 3
"""The fewest replicates a side that can conclude anything: of two, the spread is a guess."""


class Verdict(StrEnum):
    """What a comparison says of one case."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"  # head has no row, where base has a time
    NEW = "new"  # head has a time, where base has none
    FAILED = "failed"  # head has a row without a time, for a reason that base did not have
    UNTIMED = "untimed"  # neither has a time, and nothing got worse


def corrected(confidence: float, cells: int) -> float:
    """Return the confidence each of `cells` intervals needs for all of them to hold at `confidence` (Bonferroni)."""
    return 1.0 - (1.0 - confidence) / max(1, cells)


def unpaired(base: ArrayLike, head: ArrayLike, confidence: float) -> Interval:
    """Return the change between two sides of independent replicates, in seconds or ratios: Welch's t on logarithms."""
    sides = [np.asarray(side, dtype=float) for side in (base, head)]
    old, new = (welch.replicates(side, np.zeros(side.size, dtype=np.intp), 1) for side in sides)
    shift, low, high = (float(end[0]) for end in welch.change(old, new, confidence))
    if min(side.size for side in sides) < MIN_LAUNCHES:
        return _change(shift, np.nan, np.nan)
    return _change(shift, low, high)


def paired(logs: ArrayLike, confidence: float) -> Interval:
    """Return the change that the log ratios of process pairs tell: the Hodges–Lehmann estimate, with its interval."""
    return _change(*hodges_lehmann.hodges_lehmann(logs, confidence))


def judge(change: Interval, threshold: float) -> Verdict:
    """Return what the change says about a threshold, such as 0.03: regressed, improved, unchanged or inconclusive."""
    slower, faster = 1.0 + threshold, 1.0 / (1.0 + threshold)
    if change.low > 1.0 and change.center > slower:
        return Verdict.REGRESSED
    if change.high < 1.0 and change.center < faster:
        return Verdict.IMPROVED
    if faster <= change.low and change.high <= slower:
        return Verdict.UNCHANGED
    return Verdict.INCONCLUSIVE


def _change(shift: float, low: float, high: float) -> Interval:
    return Interval(*(float(np.exp(value)) for value in (shift, low, high)))
