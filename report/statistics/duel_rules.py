"""The rules of a duel, apart from the measuring: who is suspect, when a case is cleared, what is concluded.

The first stage measures every case, and may only clear one or suspect it. A case is cleared early, once its interval
lies within the threshold: that can cost power, and cannot raise a false alarm. Suspects are those whose estimate is
beyond `SUSPICION` of the threshold. Their verdict comes from the second stage's fresh pairs alone, which chance had no
hand in choosing; so its intervals are corrected for the number of suspects, not of cases.

`draw` plays a duel by these rules with pairs drawn from measured ones: what the gate does on this machine, thousands of
times over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import Verdict
from report.table.keys import CASE

THRESHOLD = 0.03
PAIRS, FRESH_PAIRS = 16, 16
"""Process pairs of the first stage, and of the second."""

PRECISION, FRESH_PRECISION = 0.010, 0.006
"""Standard error at which a pair knows a case well enough: below it, what sets one process apart from the next is more,
and the time is better spent on another pair. There are few suspects, and their verdict is worth the time."""

SECONDS, FRESH_SECONDS = 1.2, 3.0
"""The most seconds of rounds a case and pair."""

SUSPICION = 2.0 / 3.0
"""A case is suspect beyond this share of the threshold, so that a true change just over it is hardly ever passed by."""

Cell = TypeVar("Cell")


@dataclass(frozen=True)
class Rules:
    """What is concluded from a duel: the smallest change that matters, and how sure all intervals together are."""

    threshold: float
    confidence: float = verdict.CONFIDENCE

    def change(self, logs: ArrayLike, cells: int) -> Interval:
        """Return the change that the pairs' log ratios tell, one of so many cells."""
        return verdict.paired(logs, verdict.corrected(self.confidence, cells))

    def clearing(self, cells: int) -> Callable[[ArrayLike], bool]:
        """Return what says of one of so many cells that it has not changed, so far as it matters."""
        return lambda logs: verdict.judge(self.change(logs, cells), self.threshold) == Verdict.UNCHANGED

    def suspect(self, logs: ArrayLike) -> bool:
        """Whether the case is to be measured again before anything is said of it."""
        size = abs(float(np.log(verdict.paired(logs, self.confidence).center)))
        return size > SUSPICION * float(np.log1p(self.threshold))


def never(logs: ArrayLike) -> bool:
    """Clear no case, so that all of them have the same number of pairs."""
    return np.size(logs) < 0


def fewest(cells: int, confidence: float = verdict.CONFIDENCE) -> int:
    """Return how many pairs it takes for an interval of one of so many cells: with fewer, chance alone could do it."""
    return math.ceil(math.log2(2.0 * max(1, cells) / (1.0 - confidence)))


def draw(
    pools: Mapping[Cell, np.ndarray],
    rules: Rules,
    random: np.random.Generator,
    changed: Mapping[Cell, np.ndarray] | None = None,
) -> dict[Cell, tuple[Interval, Verdict]]:
    """Return what one duel concludes whose pairs are drawn, with replacement, from each cell's measured log ratios.

    In a cell that has not changed, which side is base is a label: each drawn pair keeps its sign or turns it by chance,
    so that the pool's own chance offset is not taken for a change. `changed` are the cells that have, with their pairs
    of the second stage.
    """
    second = pools if changed is None else {**pools, **changed}

    def pairs(source: Mapping[Cell, np.ndarray], cell: Cell, count: int) -> np.ndarray:
        logs = random.choice(source[cell], count)
        turned = random.choice([-1.0, 1.0], count)
        return logs if changed is not None and cell in changed else logs * turned

    first = {cell: _until_cleared(pairs(pools, cell, PAIRS), rules, len(pools)) for cell in pools}
    cleared = rules.clearing(len(pools))
    again = {cell for cell, logs in first.items() if rules.suspect(logs) and not cleared(logs)}
    found = {}
    for cell, logs in first.items():
        kept, cells = (logs, len(first))
        if cell in again:
            kept, cells = _until_cleared(pairs(second, cell, FRESH_PAIRS), rules, len(again)), len(again)
        change = rules.change(kept, cells)
        found[cell] = (change, verdict.judge(change, rules.threshold))
    return found


def _until_cleared(logs: np.ndarray, rules: Rules, cells: int) -> np.ndarray:
    """Return the pairs that a duel would have measured: it asks after each whether the case is cleared."""
    cleared = rules.clearing(cells)
    for count in range(fewest(cells, rules.confidence), len(logs)):
        if cleared(logs[:count]):
            return logs[:count]
    return logs


def fresh(logs: np.ndarray, rules: Rules, random: np.random.Generator, suspects: int = 2) -> Interval:
    """Return what fresh pairs, drawn from a cell's log ratios, say of it as one of so many suspects."""
    return rules.change(random.choice(logs, FRESH_PAIRS) * random.choice([-1.0, 1.0], FRESH_PAIRS), suspects)


def pools(rounds: Any) -> dict[tuple[Any, ...], np.ndarray]:
    """Return each cell's log ratios, head over base, a median a pair, from the data frame of a duel's samples."""
    logs = np.log(rounds["head_seconds"] / rounds["base_seconds"])
    medians = logs.groupby([rounds[name] for name in (*CASE, "stage", "pair")], observed=True).median()
    grouped = medians.groupby(level=list(CASE), observed=True)
    return {tuple(cell) if isinstance(cell, tuple) else (cell,): found.to_numpy() for cell, found in grouped}
