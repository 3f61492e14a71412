"""Two calls timed in turn in one process, so that a change of the machine's speed affects both."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from bench import clock
from bench.case import rounds

ROUND_SECONDS = 0.002
MIN_ROUNDS = 6
"""Pairs of rounds, however short the time is: a median of fewer says little."""


def alternate(
    first: Callable[[], Any], second: Callable[[], Any], seconds: float, round_seconds: float = ROUND_SECONDS
) -> tuple[list[float], list[float]]:
    """Return the ratio first / second of each pair of rounds, and the seconds that a call of `second` took in each.

    The order within a pair is random. Both calls are warm before the first pair.
    """
    first()
    second()
    calls, _ = rounds.calibrate(second, round_seconds)
    ratios: list[float] = []
    seconds_of_second: list[float] = []
    end = clock.now() + seconds
    with rounds.no_garbage_collection():
        while clock.now() < end or len(ratios) < MIN_ROUNDS:
            times = {side: rounds.round_seconds(side, calls) for side in random.sample((first, second), 2)}
            ratios.append(times[first] / times[second])
            seconds_of_second.append(times[second] / calls)
    return ratios, seconds_of_second
