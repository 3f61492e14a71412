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

MAX_SHORT = 0.05
"""Where the reference ran out of steps, an end of `lbfgs` may be higher by this share of the way."""

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
        short = max(last - lowest, 0.0 * last) / way
        return largest(*_of_lbfgs(case, problem, given, end, right, short)) if problem.is_derived else short


def _of_lbfgs(  # noqa: PLR0913, PLR0917 (the descent, where it ended, and by how much too high)
    case: Case, problem: Problem, given: tuple[Any, ...], end: Parameters, right: Parameters, short: float
) -> tuple[float, float]:
    """Return `short`, scaled to what is allowed if the reference did not get to its end, and infinity for a steep end.

    An end is steep whose gradient is too large.
    """
    x, data = given
    allowed = tolerance(case.dtype)
    first, last, reached = (_size(problem.gradient(at, data)) for at in (x, end, right))
    is_finished = reached <= MAX_GRADIENT * allowed * first
    is_steep = not last <= MAX_GRADIENT * max(allowed * first, reached)
    return short * (1.0 if is_finished else allowed / MAX_SHORT), math.inf if is_steep else 0.0


def _size(gradient: Parameters) -> Array:
    return max(map(magnitude, tree_leaves(gradient)))
