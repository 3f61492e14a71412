"""Is the end of a descent right whose optimizer turns rounding into another path? It is held to by its loss.

The first step of `adam` is a sign, and where the gradient is rounding alone, so is the sign. The line searches of two
`lbfgs` differ. So two right descents may end at different parameters, at losses that hardly differ.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends import Case
from bench.case.check.errors import alike, largest, magnitude, tolerance
from problems import ADAM, LBFGS, Array, Parameters, Problem, tree_leaves, tree_map

BY_LOSS = (ADAM, LBFGS)
"""The optimizers whose ends are compared by their loss."""

MAX_GRADIENT = 10.0
"""The gradient at the end of `lbfgs` may be this many times as large as its tolerance, or as the reference's."""


def end_error(case: Case, problem: Problem, given: tuple[Any, ...], end: Parameters, right: Parameters) -> float:
    """Return how far the loss at `end` is from that at the right end, as a share of the way from the start down to it.

    `given` are the arguments of the descent, in float64. An end of `lbfgs` may be lower than the right one. Where the
    gradient is derived by hand, it has to be small there too, and the error is infinite if it is not.
    """
    if not alike(end, right):
        return math.inf
    x, data = given
    end = tree_map(lambda array: np.asarray(array, dtype="float64"), end)
    with np.errstate(all="ignore"):  # an end that is wrong may be anywhere
        first, last, lowest = (float(problem.numpy_loss(at, data)) for at in (x, end, right))
        way = abs(first - lowest) or abs(lowest) or 1.0
        if case.optimizer != LBFGS:
            return abs(last - lowest) / way
        return largest(max(last - lowest, 0.0 * last) / way, _unfinished(case, problem, given, end, right))


def _unfinished(case: Case, problem: Problem, given: tuple[Any, ...], end: Parameters, right: Parameters) -> float:
    """Return 0 if the gradient at the end of `lbfgs` is small enough, else infinity."""
    if not problem.is_derived:
        return 0.0
    x, data = given
    first, last, reached = (_size(problem.gradient(at, data)) for at in (x, end, right))
    return 0.0 if last <= MAX_GRADIENT * max(tolerance(case.dtype) * first, reached) else math.inf


def _size(gradient: Parameters) -> Array:
    return max(map(magnitude, tree_leaves(gradient)))
