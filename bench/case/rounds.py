"""The rounds of a case: how many calls each, how many in all, and the short paired rounds that follow each.

What the machine does to a round it does to those beside it, and it cancels in the ratio of the two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from problems import Parameters
from report.statistics.intervals import Interval, median_interval

clock = time.perf_counter

Call = Callable[[], Parameters]
"""A timed region: one call of an operator, to the end of the wait for its result."""

PAIR_SHARE = 0.25
"""A paired round takes about this share of the round that it follows."""


def awaited(start: Call, wait: Callable[[Parameters], None]) -> Call:
    """Return the timed region: a call that ends when its result is there."""

    def call() -> Parameters:
        result = start()
        wait(result)
        return result

    return call


@dataclass(frozen=True)
class Pair:
    """A paired round: `calls` calls of `call`, `steps` steps in all, and what they took beside each round so far."""

    once: Call
    call: Call
    calls: int
    steps: int
    round_seconds: float
    seconds_per_step: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Time one paired round."""
        # One step, not timed, brings the pair's arrays back to where the backend's have been: into the cache.
        self.once()
        self.seconds_per_step.append(round_seconds(self.call, self.calls) / self.steps)

    def ratio(self, seconds_per_step: Any) -> Interval:
        """Return the median over rounds of a step of the case over one of the pair, with its interval."""
        return median_interval(seconds_per_step / np.asarray(self.seconds_per_step[: len(seconds_per_step)]))


def paired(once: Call, seconds: float, lengthened: Callable[[int], Call] | None = None) -> Pair:
    """Return the pair of a round of `seconds`: so many calls of `once`, or one of `lengthened(steps)`."""
    once()
    step_seconds = round_seconds(once, 1)
    steps = max(1, round(PAIR_SHARE * seconds / step_seconds))
    call, calls = (once, steps) if lengthened is None else (lengthened(steps), 1)
    return Pair(once, call, calls, steps, (steps + 1) * step_seconds)


@dataclass(frozen=True)
class Budget:
    """How long a case is measured: seconds a round, seconds for all rounds with their pairs, and how many at least.

    `memory` says whether its peak memory is measured too, in a pass after the rounds.
    """

    min_round_seconds: float
    max_seconds: float
    min_rounds: int
    memory: bool = True


@dataclass(frozen=True)
class Rounds:
    """How a prepared case is to be timed: how many rounds of how many calls, with which pairs after each.

    `value` is that of the backend's own value, beside its gradient.
    """

    rounds: int
    iterations: int
    reference: Pair
    value: Pair | None = None

    def after(self) -> None:
        """Time the paired rounds, after a round and not in its time."""
        self.reference()
        if self.value is not None:
            self.value()


def plan(iterations: int, seconds: float, reference: Pair, value: Pair | None, budget: Budget) -> Rounds:
    """Return the rounds, of `seconds` each, that with their pairs take about what the budget has for a case."""
    together = seconds + reference.round_seconds + (0.0 if value is None else value.round_seconds)
    return Rounds(max(budget.min_rounds, math.ceil(budget.max_seconds / together)), iterations, reference, value)


def calibrate(call: Callable[[], Any], min_seconds: float) -> tuple[int, float]:
    """Return how many calls take at least `min_seconds`, and what they took. The call is compiled and warm."""
    iterations = 1
    while (seconds := round_seconds(call, iterations)) < min_seconds:
        iterations = max(iterations + 1, min(10 * iterations, math.ceil(iterations * 1.1 * min_seconds / seconds)))
    return iterations, seconds


def round_seconds(call: Callable[[], Any], iterations: int) -> float:
    """Return the seconds that `iterations` back-to-back calls take."""
    start = clock()
    for _ in range(iterations):
        call()
    return clock() - start
