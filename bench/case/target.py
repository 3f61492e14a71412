"""Time to target: how many steps of a descent bring the loss near its minimum.

Counted on the float64 descent by hand, which the check has shown every backend to follow, so it is the same for all of
them; what differs is how long a step takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from backends import Case
from bench.case.prepare import Prepared
from bench.case.reference import KEPT, doubled
from problems import Array, Data, Parameters, Problem, hand_derived, step_flops, tree_leaves, tree_map, tree_unflatten

TARGET = 0.01
"""The share that is left of the way from the start's loss down to the minimum."""

EFFORT = 2e8
"""Operations that the search for a minimum may take, all its evaluations together: a second or so of NumPy."""

EVALUATIONS = 1000


def steps_to_target(prepared: Prepared) -> int | None:
    """Return the first step k with f(x_k) − f* ≤ `TARGET` × (f(x_0) − f*); `None` where the descent does not get there.

    There is none either where f has no minimum, or where the search for it takes more than its effort.
    """
    return _steps(prepared.problem, replace(prepared.case, backend="", device=""))


@lru_cache(maxsize=KEPT)
def _steps(problem: Problem, case: Case) -> int | None:
    x, data = doubled(case, problem)
    lowest = minimum(problem, x, data)
    if not math.isfinite(lowest):
        return None
    start = float(problem.loss(np, x, data))
    step = hand_derived("descent", problem, 1, x, data)
    for done in range(1, case.steps + 1):
        x = step(x, data)
        if float(problem.loss(np, x, data)) - lowest <= TARGET * (start - lowest):
            return done
    return None


def minimum(problem: Problem, x: Parameters, data: Data) -> float:
    """Return f*: in closed form where the problem has it, else the local minimum that L-BFGS finds from `x`.

    NaN where that does not converge within its effort.
    """
    if problem.minimum is not None:
        return problem.minimum(x, data)
    evaluations = min(EVALUATIONS, int(EFFORT / _operations(problem, x, data)))
    return _searched(problem, x, data, evaluations) if evaluations > 0 else math.nan


def _operations(problem: Problem, x: Parameters, data: Data) -> float:
    """Return the operations of an evaluation, or where nobody has counted them how many numbers there are."""
    return step_flops("gradient", problem, x, data) or sum(array.size for array in (*tree_leaves(x), *data))


def _searched(problem: Problem, x: Parameters, data: Data, evaluations: int) -> float:
    from scipy.optimize import minimize  # noqa: PLC0415 (a second to import: only where something is searched)

    shaped = _shaped(x)

    def at(flat: Array) -> tuple[float, Array]:
        here = shaped(flat)
        return float(problem.loss(np, here, data)), _flat(problem.gradient(here, data))

    limits: Any = {"maxfun": evaluations, "maxiter": evaluations}
    found = minimize(at, _flat(x), jac=True, method="L-BFGS-B", options=limits)
    return float(found.fun) if found.success else math.nan


def _flat(x: Parameters) -> Array:
    return np.concatenate([np.ravel(array) for array in tree_leaves(x)])


def _shaped(x: Parameters) -> Callable[[Array], Parameters]:
    """Return the inverse of `_flat`, for parameters like `x`."""
    ends = np.cumsum([array.size for array in tree_leaves(x)])[:-1]
    shapes = tree_unflatten(x, [array.shape for array in tree_leaves(x)])

    def shaped(flat: Array) -> Any:
        return (
            tree_map(np.reshape, tree_unflatten(x, np.split(flat, ends)), shapes)
            if isinstance(x, tuple)
            else flat.reshape(x.shape)
        )

    return shaped
