"""Two calls side by side in one process: what the machine does to one it does to the other."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from bench.case import rounds

ROUND_SECONDS = 0.002
MIN_ROUNDS = 6
"""Pairs of rounds: a median wants some."""


def alternate(one: Callable[[], Any], other: Callable[[], Any], seconds: float) -> tuple[list[float], list[float]]:
    """Return the pairwise ratios one / other, in random order, and the seconds a call of the other; both are warm."""
    one()
    other()
    calls, _ = rounds.calibrate(other, ROUND_SECONDS)
    ratios: list[float] = []
    others: list[float] = []
    end = time.perf_counter() + seconds
    with rounds.no_garbage_collection():
        while time.perf_counter() < end or len(ratios) < MIN_ROUNDS:
            times = {}
            for side in random.sample((one, other), 2):
                start = time.perf_counter()
                for _ in range(calls):
                    side()
                times[side] = time.perf_counter() - start
            ratios.append(times[one] / times[other])
            others.append(times[other] / calls)
    return ratios, others
