"""Time to target: how long a descent takes whose loss comes near the minimum.

The steps are counted on the reference's float64 descent. The check has shown that every backend follows it. Only
`lbfgs` takes a path of its own in each backend, so its steps are counted there. Then a descent of that length is timed,
and its end shows that it reaches the target.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from backends import Case
from bench.case.check.kept import kept, named
from bench.case.check.reference import MAX_KEPT, doubled
from bench.case.prepare import Prepared, prepared_call
from bench.case.rounds import Call, calibrate, no_garbage_collection, round_seconds
from bench.clock import now
from problems import LBFGS, Array, Data, Parameters, Problem, iterates, lowest, tree_map
from report.statistics.intervals import Interval, rounds_interval
from report.table.curves import Point

TARGET = 0.01
"""The target is reached when this share of the way from the first loss down to the minimum is left."""

MAX_SEARCH_SECONDS = 1.0
"""How long the search for a minimum may take. Its last evaluation is finished."""

MAX_ROUNDS, MIN_ROUND_SECONDS, MAX_SECONDS = 6, 0.001, 0.05
"""Of the descent to the target: how many rounds are timed, how long a round takes at least, and how long all rounds
take, but for the last one. A descent that takes longer is called once to warm up, and timed once. Six rounds are the
fewest that have an interval."""

MAX_MORE = 3
"""By how many steps, at most, a backend's rounding may put off the step that reaches the target."""

CURVE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""The lengths of the descents that the loss over time is measured with."""


class _SearchTimeoutError(Exception):
    """The search for a minimum took longer than it may."""


class Reached(NamedTuple):
    """A descent that reaches the target: its steps, and its seconds with their interval."""

    steps: int
    seconds: Interval


def time_to_target(prepared: Prepared) -> Reached | None:
    """Return the shortest descent that reaches the target, f(x_k) − f* ≤ `TARGET` × (f(x_0) − f*), and its seconds.

    `None` if the case's descent does not get there, if f has no minimum, or if the search for it takes too long. Where
    the loss can be computed in NumPy, the descent that is timed is seen to reach the target.
    """
    bare = _bare(prepared.case)
    if not all(map(math.isfinite, goal(bare, prepared.problem))):
        return None
    for steps in _lengths(bare, prepared.problem):
        call = prepared_call(prepared, steps)
        if _left(prepared, call()) <= TARGET:
            return Reached(steps, _seconds(call))
    return None


def _lengths(case: Case, problem: Problem) -> range:
    """Return the steps of the descents that may be the first to reach the target."""
    if case.optimizer == LBFGS:
        return range(1, case.steps + 1)
    first = first_step_at_target(case, problem)
    return range(0) if first is None else range(first, min(first + MAX_MORE, case.steps) + 1)


def curve(prepared: Prepared) -> list[Point]:
    """Return the loss over time: points of descents that are longer and longer, up to the case's own.

    There are none where the minimum is not known, or where the loss cannot be computed in NumPy.
    """
    case, problem = prepared.case, prepared.problem
    if not (problem.has_loss("numpy") and all(map(math.isfinite, goal(_bare(case), problem)))):
        return []
    points = [Point(0.0, 1.0)]
    for steps in [*takewhile(lambda steps: steps < case.steps, CURVE), case.steps]:
        call = prepared_call(prepared, steps)
        left = _left(prepared, call())
        points.append(Point(_seconds(call).center, left))
    return points


def _left(prepared: Prepared, end: Parameters) -> float:
    """Return the share of the way down to the minimum that is left at `end`; 0 if no loss in NumPy can tell."""
    case, problem = prepared.case, prepared.problem
    if not problem.has_loss("numpy"):
        return 0.0
    x = tree_map(lambda array: np.asarray(array, dtype="float64"), prepared.backend.fetch(end, case))
    first, least = goal(_bare(case), problem)
    left = (float(problem.numpy_loss(x, doubled(case, problem)[-1])) - least) / ((first - least) or 1.0)
    return max(left, 0.0) if math.isfinite(left) else math.inf


def _bare(case: Case) -> Case:
    return replace(case, backend="", device="")


@lru_cache(maxsize=MAX_KEPT)
def first_step_at_target(case: Case, problem: Problem) -> int | None:
    """Return the first step of the reference's descent that reaches the target; `None` if none does.

    The case has no backend and no device. Its optimizer is not `lbfgs`.
    """
    (found,) = kept(("target", named(problem), vars(case)), lambda: np.array(_steps(case, problem) or 0))
    return int(found) or None


def _steps(case: Case, problem: Problem) -> int | None:
    first, least = goal(case, problem)
    if not math.isfinite(least):
        return None
    losses = (float(loss) for loss in _losses(case, problem))
    return next((done for done, loss in enumerate(losses, 1) if loss - least <= TARGET * (first - least)), None)


def _losses(case: Case, problem: Problem) -> Iterator[Array]:
    """Yield the loss after each step of the reference's descent."""
    x, data = doubled(case, problem)
    points = iterates(problem.gradient, case.optimizer, problem.rate_at(x, data), x, data)
    for _, point in zip(range(case.steps), points, strict=False):
        yield problem.numpy_loss(point, data)


@lru_cache(maxsize=MAX_KEPT)
def goal(case: Case, problem: Problem) -> tuple[float, float]:
    """Return the loss at the start, and the least loss, which is not finite where it is not known."""
    same = replace(case, operator="value", steps=1)  # the same of every optimizer

    def search() -> Array:
        x, data = doubled(case, problem)
        return np.array([float(problem.numpy_loss(x, data)), minimum(problem, x, data)])

    (found,) = kept(("goal", named(problem), vars(same)), search)
    return float(found[0]), float(found[1])


def _seconds(call: Call) -> Interval:
    """Return the seconds of a call that is warm: the median of a few short rounds, with its interval."""
    with no_garbage_collection():
        end = now() + MAX_SECONDS
        calls, seconds = calibrate(call, MIN_ROUND_SECONDS)
        rounds = [seconds]
        while len(rounds) < MAX_ROUNDS and now() < end:
            rounds.append(round_seconds(call, calls))
    return rounds_interval(np.asarray(rounds) / calls)


def minimum(problem: Problem, x: Parameters, data: Data) -> float:
    """Return f*: the problem's closed form if it has one, else the local minimum that L-BFGS finds from `x`.

    NaN if L-BFGS does not converge within `MAX_SEARCH_SECONDS`.
    """
    return _searched(problem, x, data) if problem.minimum is None else problem.minimum(x, data)


def _searched(problem: Problem, x: Parameters, data: Data) -> float:
    began: list[float] = []  # by the first evaluation, since the search is imported before it

    def loss_and_gradient(here: Parameters) -> tuple[Array, Parameters]:
        began.append(now())
        if began[-1] > began[0] + MAX_SEARCH_SECONDS:
            raise _SearchTimeoutError
        return problem.numpy_loss(here, data), problem.gradient(here, data)

    try:
        found = lowest(loss_and_gradient, x)
    except _SearchTimeoutError:
        return math.nan
    return float(found.fun) if found.success else math.nan
