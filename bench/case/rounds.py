"""The rounds of a case: how many calls a round has, how many rounds there are, and the paired rounds after each.

A paired round is a short round of something else, right after a timed round. What the machine does to the timed round
it also does to the paired round, so it cancels in the ratio of the two.
"""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from bench.clock import now
from problems import Parameters
from report.statistics.intervals import Interval, median_interval

Call: TypeAlias = Callable[[], Parameters]
"""A timed region: one call of an operator. It returns when the result is computed."""

PAIR_SHARE = 0.25
"""How long a paired round takes, as a share of the round before it."""


def awaited(start: Call, wait: Callable[[Parameters], None]) -> Call:
    """Return the timed region: a call of `start` that ends when `wait` says that the result is computed."""

    def call() -> Parameters:
        result = start()
        wait(result)
        return result

    return call


@dataclass(frozen=True)
class Pair:
    """A paired round: `calls` calls of `call`, `steps` steps in total.

    `once` is one step. `round_seconds` is about how long the paired round takes, with the untimed step before it.
    `seconds_per_step` has one value for each round so far.
    """

    once: Call
    call: Call
    calls: int
    steps: int
    round_seconds: float
    seconds_per_step: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Time one paired round."""
        # This untimed step brings the pair's arrays back into the cache. The backend's arrays were there in its round.
        self.once()
        self.seconds_per_step.append(round_seconds(self.call, self.calls) / self.steps)

    def ratio(self, seconds_per_step: Any) -> Interval:
        """Return the median over rounds of the case's seconds per step over the pair's, with its interval."""
        return median_interval(seconds_per_step / np.asarray(self.seconds_per_step[: len(seconds_per_step)]))


def paired(once: Call, seconds: float, lengthened: Callable[[int], Call] | None = None) -> Pair:
    """Return the pair for rounds of `seconds`: many calls of `once`, or one call of `lengthened(steps)`."""
    once()
    step_seconds = round_seconds(once, 1)
    steps = max(1, round(PAIR_SHARE * seconds / step_seconds))
    call, calls = (once, steps) if lengthened is None else (lengthened(steps), 1)
    return Pair(once, call, calls, steps, (steps + 1) * step_seconds)


@dataclass(frozen=True)
class Budget:
    """How long a case is measured.

    `min_round_seconds` is for one round, `max_seconds` for all rounds with their paired rounds. There are at least
    `min_rounds` rounds, however long they take. `memory` says whether peak memory is measured too, after the rounds.
    """

    min_round_seconds: float
    max_seconds: float
    min_rounds: int
    memory: bool = True


@dataclass(frozen=True)
class Rounds:
    """How a prepared case is timed: `rounds` rounds of `iterations` calls, each followed by its paired rounds.

    `reference` is the hand-derived NumPy. `value` is the backend's own value, where the case is a gradient.
    """

    rounds: int
    iterations: int
    reference: Pair
    value: Pair | None = None

    def after(self) -> None:
        """Time the paired rounds. Called after each round; their time is not part of the round's."""
        self.reference()
        if self.value is not None:
            self.value()


def plan(iterations: int, seconds: float, reference: Pair, value: Pair | None, budget: Budget) -> Rounds:
    """Return as many rounds, of `seconds` each, as fit the budget together with their paired rounds."""
    together = seconds + reference.round_seconds + (0.0 if value is None else value.round_seconds)
    return Rounds(max(budget.min_rounds, math.ceil(budget.max_seconds / together)), iterations, reference, value)


def calibrate(call: Callable[[], Any], min_seconds: float) -> tuple[int, float]:
    """Return how many calls take at least `min_seconds`, and how long they took. The call is compiled and warm."""
    iterations = 1
    while (seconds := round_seconds(call, iterations)) < min_seconds:
        iterations = max(iterations + 1, min(10 * iterations, math.ceil(iterations * 1.1 * min_seconds / seconds)))
    return iterations, seconds


def round_seconds(call: Callable[[], Any], iterations: int) -> float:
    """Return the seconds that `iterations` back-to-back calls take."""
    start = now()
    for _ in range(iterations):
        call()
    return now() - start


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect garbage now, and not again until the end of the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
