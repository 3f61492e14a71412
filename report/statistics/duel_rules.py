"""The rules of a duel, apart from the measuring: when a case is cleared, when it is suspect, and what is concluded.

The first stage measures every case. It may clear a case or suspect it, and it gives no other verdict.

- A case is cleared, and measured no further, once its interval lies within the threshold. Clearing a case early can
  miss a change, but it cannot raise a false alarm.
- A case is suspect if its estimate is beyond `SUSPICION` of the threshold.

The second stage measures the suspects again. Their verdict comes from these fresh pairs alone, because the pairs of the
first stage were selected: chance helped to make their cases suspect. So the intervals of the second stage are corrected
for the number of suspects, not for the number of cases.

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

PAIRS, FRESH_PAIRS = 16, 16
"""Process pairs of the first stage, and of the second."""

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

    def clearing(self, cases: int) -> Callable[[ArrayLike], bool]:
        """Return the function that says whether the log ratios of a case clear it, in a stage of `cases` cases."""
        return lambda logs: verdict.judge(self.change(logs, cases), self.threshold) == Verdict.UNCHANGED

    def suspect(self, logs: ArrayLike) -> bool:
        """Return whether the case is suspect, and is measured again unless it was cleared."""
        size = abs(float(np.log(verdict.paired(logs, self.confidence).center)))
        return size > SUSPICION * float(np.log1p(self.threshold))


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

    def measured(logs: np.ndarray, case: Case, pairs: int, cases: int) -> np.ndarray:
        return _until_cleared(_drawn(logs, pairs, random, flip=case not in changed), rules, cases)

    first = {case: measured(logs, case, PAIRS, len(pools)) for case, logs in pools.items()}
    cleared = rules.clearing(len(pools))
    suspects = [case for case, logs in first.items() if rules.suspect(logs) and not cleared(logs)]
    second = {case: measured(changed.get(case, pools[case]), case, FRESH_PAIRS, len(suspects)) for case in suspects}
    changes = {case: rules.change(logs, len(first)) for case, logs in first.items() if case not in second}
    changes |= {case: rules.change(logs, len(second)) for case, logs in second.items()}
    return {case: (changes[case], verdict.judge(changes[case], rules.threshold)) for case in first}


def draw_fresh(logs: np.ndarray, rules: Rules, random: np.random.Generator, suspects: int = 2) -> Interval:
    """Return the ratio that the second stage measures for a case, with pairs drawn from `logs`.

    `suspects` is the number of cases in the stage.
    """
    return rules.change(_drawn(logs, FRESH_PAIRS, random, flip=True), suspects)


def _drawn(logs: np.ndarray, count: int, random: np.random.Generator, *, flip: bool) -> np.ndarray:
    """Return `count` of the log ratios, drawn with replacement. With `flip`, each has a random sign."""
    pairs, signs = random.choice(logs, count), random.choice([-1.0, 1.0], count)
    return pairs * signs if flip else pairs


def _until_cleared(logs: np.ndarray, rules: Rules, cases: int) -> np.ndarray:
    """Return the pairs that a duel would have measured. After each pair, the duel asks whether the case is cleared."""
    cleared = rules.clearing(cases)
    for count in range(min_pairs(cases, rules.confidence), len(logs)):
        if cleared(logs[:count]):
            return logs[:count]
    return logs
