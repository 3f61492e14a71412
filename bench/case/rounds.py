"""The rounds of a case: how many calls a round has, how many rounds there are, and the paired rounds of each.

A paired round is a short round of something else, right before or after a timed round. The machine's state affects both
rounds alike, so it cancels in their ratio.
"""

from __future__ import annotations

import contextlib
import gc
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from backends import Case
from bench.clock import now
from problems import Parameters
from report.statistics.intervals import Interval, rounds_interval

Call: TypeAlias = Callable[[], Parameters]
"""A timed region: one call of an operator. It returns when the result is computed."""

PAIR_SHARE = 0.25
"""The time of a paired round, as a share of the time of its round."""

PAIR_BIAS = 0.015
"""By how much the interval of a ratio is wider at either end, since NumPy's ratio to its own paired rounds is not 1.

It is off by up to 1.2 % on a quiet machine (`experiments.control`).
"""


def awaited(start: Call, wait: Callable[[Parameters, Case], None], case: Case) -> Call:
    """Return the timed region: a call of `start`, then the case's `wait`, which blocks until the result is computed."""

    def call() -> Parameters:
        result = start()
        wait(result, case)
        return result

    return call


@dataclass(frozen=True)
class Pair:
    """A paired round: `calls` calls of `call`, `steps` steps in total.

    `once` runs one step. `round_seconds` estimates the time of the paired round, including the untimed step before it.
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
        # One untimed step first, so that the timed ones find the pair's arrays in the cache.
        self.once()
        self.seconds_per_step.append(round_seconds(self.call, self.calls) / self.steps)

    def ratio(self, seconds_per_step: Any) -> Interval:
        """Return the median of the rounds' ratios, the case's seconds per step over the pair's, with its interval."""
        return ratio_interval(seconds_per_step / np.asarray(self.seconds_per_step[: len(seconds_per_step)]))


def ratio_interval(ratios: Any) -> Interval:
    """Return the median of the ratios of the rounds, with its interval, widened by `PAIR_BIAS` at either end."""
    center, low, high = rounds_interval(ratios)
    return Interval(center, low / (1.0 + PAIR_BIAS), high * (1.0 + PAIR_BIAS))


def paired(once: Call, seconds: float, lengthened: Callable[[int], Call] | None = None, at_most: int = 1) -> Pair:
    """Return the pair for a backend whose rounds take `seconds`.

    A paired round is some calls of `lengthened(steps)`, with as many steps as there is time for, but `at_most` so many:
    then what a call costs has the same share in both rounds. Without `lengthened` it is some calls of `once`.
    """
    once()
    step_seconds = round_seconds(once, 1)
    steps = max(1, round(PAIR_SHARE * seconds / step_seconds))
    length = min(steps, at_most)
    calls = steps // length
    call = once if lengthened is None else lengthened(length)
    return Pair(once, call, calls, calls * length, (calls * length + 1) * step_seconds)


@dataclass(frozen=True)
class Budget:
    """How long a case is measured.

    A round takes at least `min_round_seconds`. `max_seconds` is the target for all rounds with their paired rounds.
    There are at least `min_rounds` rounds, however long they take. After the rounds, peak memory is measured if
    `memory` is true, and compiling from the framework's cache on disk if `warm_cache` is true. If `only_times` is true,
    nothing but times and the ratio to NumPy is measured, and compilers may find what they compiled before.
    If `curve` is true, the loss over time of a descent is measured after the rounds.
    """

    min_round_seconds: float
    max_seconds: float
    min_rounds: int
    memory: bool = True
    warm_cache: bool = True
    only_times: bool = False
    curve: bool = False


@dataclass(frozen=True)
class Rounds:
    """How a prepared case is timed: `rounds` rounds of `iterations` calls, each with its paired rounds.

    `reference` is the hand-derived NumPy, if there is one. `value` times the backend's own value, if the case is a
    gradient.
    """

    rounds: int
    iterations: int
    reference: Pair | None
    value: Pair | None = None

    def drawn(self) -> tuple[list[Pair], list[Pair]]:
        """Return the pairs to time before the next round, and those to time after it, by chance.

        What a round leaves behind, in caches and clocks, then favours neither side of a ratio.
        """
        pairs = [pair for pair in (self.reference, self.value) if pair is not None]
        random.shuffle(pairs)
        before = random.randrange(len(pairs) + 1)  # noqa: S311 (not a secret)
        return pairs[:before], pairs[before:]


def plan(iterations: int, seconds: float, reference: Pair | None, value: Pair | None, budget: Budget) -> Rounds:
    """Return enough rounds to fill `max_seconds`, and at least `min_rounds`.

    A round takes `seconds`, and its paired rounds are counted too.
    """
    together = seconds + sum(pair.round_seconds for pair in (reference, value) if pair is not None)
    return Rounds(max(budget.min_rounds, math.ceil(budget.max_seconds / together)), iterations, reference, value)


def calibrate(call: Callable[[], Any], min_seconds: float) -> tuple[int, float]:
    """Return how many calls take at least `min_seconds`, and the seconds that they took. `call` must be warm."""
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
    """Collect garbage once, and disable the collector in the block. It is enabled at the end of the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
