"""Time to target: how many steps of a descent bring the loss near its minimum.

The steps are counted on the reference's float64 descent. The check has shown that every backend follows it, so the
count holds for all of them. What differs is how long a step takes.
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
from bench.case.reference import MAX_KEPT, doubled
from problems import Array, Data, Parameters, Problem, hand_derived, step_flops, tree_leaves, tree_map, tree_unflatten

TARGET = 0.01
"""The target is reached when this share of the way from the first loss down to the minimum is left."""

MAX_OPERATIONS = 2e8
"""How many operations the search for a minimum may take in total: about a second of NumPy."""

MAX_EVALUATIONS = 1000


def steps_to_target(prepared: Prepared) -> int | None:
    """Return the first step k with f(x_k) − f* ≤ `TARGET` × (f(x_0) − f*).

    `None` if the descent does not get there, if f has no minimum, or if the search for it takes too long.
    """
    return _steps(prepared.problem, replace(prepared.case, backend="", device=""))


@lru_cache(maxsize=MAX_KEPT)
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
    """Return f*: the problem's closed form if it has one, else the local minimum that L-BFGS finds from `x`.

    NaN if L-BFGS does not converge within `MAX_OPERATIONS`.
    """
    if problem.minimum is not None:
        return problem.minimum(x, data)
    evaluations = min(MAX_EVALUATIONS, int(MAX_OPERATIONS / _operations(problem, x, data)))
    return _searched(problem, x, data, evaluations) if evaluations > 0 else math.nan


def _operations(problem: Problem, x: Parameters, data: Data) -> float:
    """Return the operations of one evaluation, or if the problem does not count them, how many numbers it has."""
    return step_flops("gradient", problem, x, data) or sum(array.size for array in (*tree_leaves(x), *data))


def _searched(problem: Problem, x: Parameters, data: Data, evaluations: int) -> float:
    from scipy.optimize import minimize  # noqa: PLC0415 (takes a second to import, and is rarely needed)

    unflatten = _unflatten_like(x)

    def loss_and_gradient(flat: Array) -> tuple[float, Array]:
        here = unflatten(flat)
        return float(problem.loss(np, here, data)), _flatten(problem.gradient(here, data))

    limits: Any = {"maxfun": evaluations, "maxiter": evaluations}
    found = minimize(loss_and_gradient, _flatten(x), jac=True, method="L-BFGS-B", options=limits)
    return float(found.fun) if found.success else math.nan


def _flatten(x: Parameters) -> Array:
    return np.concatenate([np.ravel(array) for array in tree_leaves(x)])


def _unflatten_like(x: Parameters) -> Callable[[Array], Parameters]:
    """Return the inverse of `_flatten`, for parameters shaped like `x`."""
    ends = np.cumsum([array.size for array in tree_leaves(x)])[:-1]
    shapes = tree_unflatten(x, [array.shape for array in tree_leaves(x)])

    def unflatten(flat: Array) -> Any:
        if not isinstance(x, tuple):
            return flat.reshape(x.shape)
        return tree_map(np.reshape, tree_unflatten(x, np.split(flat, ends)), shapes)

    return unflatten
