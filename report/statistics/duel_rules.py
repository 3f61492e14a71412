"""The rules of a duel, apart from the measuring: which case is suspect, when a case is cleared, what is concluded.

The first stage measures every case, and may only clear it or suspect it. A case is cleared early, once its interval
lies within the threshold: that can cost power, and cannot raise a false alarm. A case whose estimate is beyond
`SUSPICION` of the threshold is a suspect. Its verdict comes from the second stage's fresh pairs alone, which chance had
no hand in choosing. So the intervals of the second stage are corrected for the number of suspects, not of cases.

`draw` plays a duel by these rules with pairs drawn from measured pairs. Thousands of draws say what the gate does on
this machine.
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

PAIRS, FRESH_PAIRS = 16, 16
"""Process pairs of the first stage, and of the second."""

PRECISION, FRESH_PRECISION = 0.010, 0.006
"""The standard error at which a pair knows a case well enough. Below it, processes differ by more, and the time is
better spent on another pair. There are few suspects, and their verdict is worth the time."""

SECONDS, FRESH_SECONDS = 1.2, 3.0
"""The most seconds of rounds a case and pair."""

SUSPICION = 2.0 / 3.0
"""A case is suspect beyond this share of the threshold, so that a true change just over it is hardly ever missed."""

Case = TypeVar("Case")


@dataclass(frozen=True)
class Rules:
    """What is concluded from a duel: the smallest change that matters, and the confidence of all intervals together."""

    threshold: float
    confidence: float = FAMILY_CONFIDENCE

    def change(self, logs: ArrayLike, cases: int) -> Interval:
        """Return the ratio that the pairs' log ratios say of one of so many cases."""
        return verdict.paired(logs, verdict.corrected(self.confidence, cases))

    def clearing(self, cases: int) -> Callable[[ArrayLike], bool]:
        """Return a function that says whether one of so many cases is unchanged, by its pairs' log ratios."""
        return lambda logs: verdict.judge(self.change(logs, cases), self.threshold) == Verdict.UNCHANGED

    def suspect(self, logs: ArrayLike) -> bool:
        """Return whether the case is measured again before anything is concluded."""
        size = abs(float(np.log(verdict.paired(logs, self.confidence).center)))
        return size > SUSPICION * float(np.log1p(self.threshold))


def never(logs: ArrayLike) -> bool:
    """Clear no case, so that all cases have the same number of pairs."""
    return np.size(logs) < 0


def min_pairs(cases: int, confidence: float = FAMILY_CONFIDENCE) -> int:
    """Return how many pairs it takes to have an interval for one of so many cases."""
    return math.ceil(math.log2(2.0 * max(1, cases) / (1.0 - confidence)))


def draw(
    pools: Mapping[Case, np.ndarray],
    rules: Rules,
    random: np.random.Generator,
    changed: Mapping[Case, np.ndarray] | None = None,
) -> dict[Case, tuple[Interval, Verdict]]:
    """Return what a duel concludes whose pairs are drawn, with replacement, from each case's measured log ratios.

    In a case that has not changed, "base" is only a label: each drawn pair keeps its sign or turns it by chance, so
    that the pool's own chance offset is not taken for a change. `changed` holds the cases that have changed, with their
    pairs of the second stage.
    """
    second = pools if changed is None else {**pools, **changed}

    def pairs(source: Mapping[Case, np.ndarray], case: Case, count: int) -> np.ndarray:
        logs = random.choice(source[case], count)
        turned = random.choice([-1.0, 1.0], count)
        return logs if changed is not None and case in changed else logs * turned

    first = {case: _until_cleared(pairs(pools, case, PAIRS), rules, len(pools)) for case in pools}
    cleared = rules.clearing(len(pools))
    again = {case for case, logs in first.items() if rules.suspect(logs) and not cleared(logs)}
    found = {}
    for case, logs in first.items():
        kept, cases = (logs, len(first))
        if case in again:
            kept, cases = _until_cleared(pairs(second, case, FRESH_PAIRS), rules, len(again)), len(again)
        change = rules.change(kept, cases)
        found[case] = (change, verdict.judge(change, rules.threshold))
    return found


def _until_cleared(logs: np.ndarray, rules: Rules, cases: int) -> np.ndarray:
    """Return the pairs that a duel would have measured: after each pair it asks whether the case is cleared."""
    cleared = rules.clearing(cases)
    for count in range(min_pairs(cases, rules.confidence), len(logs)):
        if cleared(logs[:count]):
            return logs[:count]
    return logs


def fresh(logs: np.ndarray, rules: Rules, random: np.random.Generator, suspects: int = 2) -> Interval:
    """Return what fresh pairs, drawn from a case's log ratios, say of it as one of so many suspects."""
    return rules.change(random.choice(logs, FRESH_PAIRS) * random.choice([-1.0, 1.0], FRESH_PAIRS), suspects)
