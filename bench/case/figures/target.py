"""Time to target: how many steps of a descent bring the loss near its minimum.

The steps are counted on the reference's float64 descent. The check has shown that every backend follows it, so the
count holds for all of them. What differs is how long a descent of that length takes, and that is timed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from backends import Case
from bench.case.check.kept import kept
from bench.case.check.reference import MAX_KEPT, doubled, named
from bench.case.prepare import Prepared, prepared_call
from bench.case.rounds import calibrate, no_garbage_collection, round_seconds
from bench.clock import now
from problems import Array, Data, Parameters, Problem, hand_derived, lowest

TARGET = 0.01
"""The target is reached when this share of the way from the first loss down to the minimum is left."""

MAX_SEARCH_SECONDS = 1.0
"""How long the search for a minimum may take. Its last evaluation is finished."""

MAX_ROUNDS, MIN_ROUND_SECONDS, MAX_SECONDS = 5, 0.001, 0.05
"""Of the descent to the target: how many rounds are timed, how long a round takes at least, and how long all rounds
take, but for the last one. A descent that takes longer is called once to warm up, and timed once."""


class _SearchTimeoutError(Exception):
    """The search for a minimum took longer than it may."""


def steps_to_target(prepared: Prepared) -> int | None:
    """Return the first step k with f(x_k) − f* ≤ `TARGET` × (f(x_0) − f*).

    `None` if the descent does not get there, if f has no minimum, or if the search for it takes too long.
    """
    return first_step_at_target(replace(prepared.case, backend="", device=""), prepared.problem)


@lru_cache(maxsize=MAX_KEPT)
def first_step_at_target(case: Case, problem: Problem) -> int | None:
    """Return what `steps_to_target` returns, for a case without a backend and a device."""
    (found,) = kept(("target", named(problem), vars(case)), lambda: np.array(_steps(case, problem) or 0))
    return int(found) or None


def _steps(case: Case, problem: Problem) -> int | None:
    x, data = doubled(case, problem)
    lowest = minimum(problem, x, data)
    if not math.isfinite(lowest):
        return None
    start = float(problem.numpy_loss(x, data))
    step = hand_derived("descent", problem, 1, x, data)
    for done in range(1, case.steps + 1):
        x = step(x, data)
        if float(problem.numpy_loss(x, data)) - lowest <= TARGET * (start - lowest):
            return done
    return None


def seconds_to_target(prepared: Prepared, steps: int) -> float:
    """Return the seconds of a descent of `steps` steps: the median of a few short rounds."""
    call = prepared_call(prepared, steps)
    with no_garbage_collection():
        call()
        end = now() + MAX_SECONDS
        calls, seconds = calibrate(call, MIN_ROUND_SECONDS)
        rounds = [seconds]
        while len(rounds) < MAX_ROUNDS and now() < end:
            rounds.append(round_seconds(call, calls))
    return float(np.median(rounds)) / calls


def minimum(problem: Problem, x: Parameters, data: Data) -> float:
    """Return f*: the problem's closed form if it has one, else the local minimum that L-BFGS finds from `x`.

    NaN if L-BFGS does not converge within `MAX_SEARCH_SECONDS`.
    """
    return _searched(problem, x, data) if problem.minimum is None else problem.minimum(x, data)


def _searched(problem: Problem, x: Parameters, data: Data) -> float:
    end = now() + MAX_SEARCH_SECONDS

    def loss_and_gradient(here: Parameters) -> tuple[Array, Parameters]:
        if now() > end:
            raise _SearchTimeoutError
        return problem.numpy_loss(here, data), problem.gradient(here, data)

    try:
        found = lowest(loss_and_gradient, x)
    except _SearchTimeoutError:
        return math.nan
    return float(found.fun) if found.success else math.nan
