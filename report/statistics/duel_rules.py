"""The rules of a duel, apart from the measuring: when a case is cleared, when it is suspect, and what is concluded.

The first stage measures every case. It may clear a case or suspect it, and it gives no other verdict.

- A case is cleared, and measured no further, once its interval lies within the threshold. The duel looks three times:
  after half of the pairs, three quarters, and all.
- A case is suspect if it was not cleared, and its estimate is beyond `SUSPICION` of the threshold.

The second stage measures the suspects again, and looks three times too. The verdict comes from these fresh pairs alone,
because the pairs of the first stage were selected: chance helped to make their cases suspect.

So either error is made in one place. A false alarm can only come from the second stage: its intervals are corrected for
the number of suspects, and hold together at the confidence of the duel. A change is missed if one of six looks clears
its case: each look has a sixth of `MISSED`.

`draw` plays a whole duel by these rules, with pairs drawn from measured pairs. Thousands of these duels show how often
a gate on this machine reports a change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import FAMILY_CONFIDENCE, Verdict

THRESHOLD = 0.03
"""The smallest change that matters, unless the user names another."""

PAIRS, FRESH_PAIRS = 16, 24
"""Process pairs of the first stage, and of the second, which is longer since few cases are in it."""

MISSED = 0.025
"""How often a case that changed by just the threshold may be called `unchanged`, all looks of a duel together."""

LOOKS = 6
"""How often a duel looks whether a case can be cleared: three times in each stage."""

ALONE = 1.0 - 2.0 * MISSED / LOOKS
"""The confidence of the interval of one case at one look. All looks together it holds at 95 %."""

MIN_PAIRS = 8
"""With fewer pairs, no interval has that confidence."""

PRECISION, FRESH_PRECISION = 0.010, 0.006
"""A pair stops measuring a case when its log ratio is known to this standard error, in the first and the second stage.

Below it, the differences between processes are larger, and the time is better spent on another pair. The second stage
is more precise, since it has few cases and decides their verdict."""

SECONDS, FRESH_SECONDS = 1.2, 3.0
"""The most seconds of rounds per case and pair, in the first stage and in the second."""

SUSPICION = 2.0 / 3.0
"""A case is suspect if its estimate is beyond this share of the threshold. The share is below 1, so that a true change
just beyond the threshold is hardly ever missed."""

Case = TypeVar("Case")


@dataclass(frozen=True)
class Rules:
    """How a duel judges its cases: the smallest change that matters, and the confidence of all intervals together."""

    threshold: float
    confidence: float = FAMILY_CONFIDENCE

    def change(self, logs: ArrayLike, cases: int) -> Interval:
        """Return the ratio of head to base, with its interval, from the log ratios of a case's pairs.

        The interval is corrected for the number of cases.
        """
        return verdict.paired(logs, verdict.corrected(self.confidence, cases))

    def alone(self, logs: ArrayLike) -> Interval:
        """Return the ratio of head to base with the interval of the case alone, which holds for all looks together."""
        return verdict.paired(logs, ALONE)

    def clears(self, logs: ArrayLike) -> bool:
        """Return whether the log ratios of a case clear it."""
        return verdict.within(self.alone(logs), self.threshold)

    def clearing(self, pairs: int) -> Callable[[ArrayLike], bool]:
        """Return the function that says whether a case needs no more of the `pairs` of a stage, given its log ratios.

        It is `False` between two looks, whatever the log ratios are.
        """
        return lambda logs: np.size(logs) in looks(pairs) and self.clears(logs)

    def judge(self, logs: ArrayLike, cases: int) -> Verdict:
        """Return the verdict on a case, by the log ratios of the stage that decides on it, which has `cases` cases."""
        return verdict.judge(self.alone(logs), self.threshold, self.change(logs, cases))

    def suspect(self, logs: ArrayLike) -> bool:
        """Return whether the case is measured again, after all pairs of the first stage."""
        size = abs(float(np.log(self.alone(logs).center)))
        return size > SUSPICION * float(np.log1p(self.threshold)) and not self.clears(logs)


def looks(pairs: int) -> tuple[int, ...]:
    """Return after how many of the pairs of a stage the duel looks at a case."""
    return math.ceil(pairs / 2), math.ceil(3 * pairs / 4), pairs


def never(logs: ArrayLike) -> bool:
    """Clear no case, so that all cases have the same number of pairs."""
    return np.size(logs) < 0


def min_pairs(cases: int, confidence: float = FAMILY_CONFIDENCE) -> int:
    """Return how many pairs a case needs to have an interval, in a stage of `cases` cases."""
    return math.ceil(math.log2(2.0 * max(1, cases) / (1.0 - confidence)))


def draw(
    pools: Mapping[Case, np.ndarray],
    rules: Rules,
    random: np.random.Generator,
    changed: Mapping[Case, np.ndarray] | None = None,
) -> dict[Case, tuple[Interval, Verdict]]:
    """Return the changes and verdicts of a duel whose pairs are drawn from the measured log ratios of each case.

    Pairs are drawn with replacement. `changed` has the cases that have changed, with their pairs of the second stage.
    In all other cases "base" is only a label. So each drawn pair keeps or flips its sign by chance; otherwise the
    average of the measured pairs, which is not exactly 0, would count as a change.
    """
    changed = changed or {}

    def measured(logs: np.ndarray, case: Case, pairs: int) -> np.ndarray:
        return _until_cleared(_drawn(logs, pairs, random, flip=case not in changed), rules)

    first = {case: measured(logs, case, PAIRS) for case, logs in pools.items()}
    suspects = [case for case, logs in first.items() if rules.suspect(logs)]
    second = {case: measured(changed.get(case, pools[case]), case, FRESH_PAIRS) for case in suspects}
    judged = {case: (second[case], len(second)) if case in second else (first[case], len(first)) for case in first}
    return {case: (rules.change(*by), rules.judge(*by)) for case, by in judged.items()}


def draw_fresh(logs: np.ndarray, rules: Rules, random: np.random.Generator, suspects: int = 2) -> Interval:
    """Return the ratio that the second stage measures for a case, with pairs drawn from `logs`.

    `suspects` is the number of cases in the stage.
    """
    return rules.change(_drawn(logs, FRESH_PAIRS, random, flip=True), suspects)


def _drawn(logs: np.ndarray, count: int, random: np.random.Generator, *, flip: bool) -> np.ndarray:
    """Return `count` of the log ratios, drawn with replacement. With `flip`, each has a random sign."""
    pairs, signs = random.choice(logs, count), random.choice([-1.0, 1.0], count)
    return pairs * signs if flip else pairs


def _until_cleared(logs: np.ndarray, rules: Rules) -> np.ndarray:
    """Return the pairs that a duel would have measured."""
    cleared = (logs[:count] for count in looks(len(logs)) if rules.clears(logs[:count]))
    return next(cleared, logs)
