"""A prepared case timed twice: by our rounds, and in GradBench's way, by calls that nobody waits for.

GradBench's Python tools share one loop (`python/gradbench/gradbench/wrap.py`, `multiple_runs`). It reads the clock
before and after each call, and adds up what lies between, until there are `min_runs` calls (1 by default) and
`min_seconds` of such time (1 by default). The loop converts the last result to Python numbers after the clock has
stopped. Nothing waits for the other results. What is published is the mean of all calls of the loop
(`crates/gradbench/src/stats.rs`).

A tool whose call returns its result is timed rightly by this loop; the C++ tools have the same loop. JAX's calls return
before their results are computed, on the CPU too. Up to 32 computations may be under way (XLA's
`max_inflight_computations_per_device`), and then a call waits for an earlier one. So a second of the clock has about
32 calls more than are computed in it: a call that takes t seconds reads about t / (1 + 32 t). It reads more if t is not
much shorter than that second, because the last call is counted whole.

Our loop differs in one way: the case was compiled and called before it. In GradBench's loop the first call is timed
too, and JAX compiles in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from backends import Backend, Case
from bench import clock
from bench.case import prepare, rounds
from problems import find
from report.statistics.intervals import Interval, median_interval

ROUND_SECONDS = 0.005
"""The least time of a round, as in the race."""

MIN_ROUNDS = 6
"""The fewest rounds that have a 95 % interval."""


class Timing(NamedTuple):
    """The seconds of a call that is waited for, with their interval, and the mean of calls that are not."""

    awaited: Interval
    unawaited: float


def timing(case: Case, backend: Backend, seconds: float, clock_seconds: float) -> Timing:
    """Prepare and check the case, and time it both ways: rounds of `seconds`, then `clock_seconds` without a wait.

    Raise `WrongResultError` if the answer is wrong.
    """
    prepared = prepare.prepare(case, backend, find(case.problem, case.sizes))
    awaited = median_interval(awaited_seconds(prepared.call, seconds))
    start = partial(prepared.run, *prepared.placed)
    return Timing(awaited, unawaited_mean(start, lambda result: backend.wait(result, case), clock_seconds))


def awaited_seconds(call: rounds.Call, seconds: float) -> list[float]:
    """Return the seconds a call of each round, for rounds of at least `seconds` in total. `call` must be warm."""
    measured: list[float] = []
    with rounds.no_garbage_collection():
        calls, _ = rounds.calibrate(call, ROUND_SECONDS)
        end = clock.now() + seconds
        while clock.now() < end or len(measured) < MIN_ROUNDS:
            measured.append(rounds.round_seconds(call, calls) / calls)
    return measured


def unawaited_mean(start: Callable[[], Any], wait: Callable[[Any], None], clock_seconds: float) -> float:
    """Return the mean seconds of calls of `start` that nobody waits for, as GradBench times them.

    The calls end when the clock has counted `clock_seconds`. The last result is waited for after that, outside the
    clock, so that nothing is under way when this function returns.
    """
    elapsed, calls = 0.0, 0
    while elapsed < clock_seconds:
        before = clock.now()
        result = start()
        elapsed += clock.now() - before
        calls += 1
    wait(result)
    return elapsed / calls
