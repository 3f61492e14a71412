"""Is the end of a descent right whose optimizer turns rounding into another path? It is held to by its loss.

The first step of `adam` is a sign, and where the gradient is rounding alone, so is the sign. The line searches of two
`lbfgs` differ. So two right descents may end at different parameters, at losses that hardly differ.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from backends import Case
from bench.case.check.errors import alike, largest, magnitude, tolerance
from bench.case.check.kept import kept, named
from problems import ADAM, LBFGS, Array, Parameters, Problem, hand_derived, tree_leaves, tree_map, tree_unflatten

BY_LOSS = (ADAM, LBFGS)
"""The optimizers whose ends are compared by their loss."""

MAX_GRADIENT = 10.0
"""The gradient at the end of `lbfgs` may be this many times as large as its tolerance."""


def end_error(case: Case, problem: Problem, given: tuple[Any, ...], end: Parameters, right: Parameters) -> float:
    """Return how far the loss at `end` is from that at the right end, as a share of the way from the start down to it.

    The way is at least what the gradient at the start says that the parameters' moves are worth (`_worth`).

    `given` are the arguments of the descent, in float64. An end of `lbfgs` may be lower than the right one. Where the
    gradient is derived by hand, it has to be small there too, and the error is infinite if it is not. If the right
    descent by `lbfgs` did not converge either, the loss has to be what that one reached in half of the steps.
    """
    if not alike(end, right):
        return math.inf
    x, data = given
    end = tree_map(lambda array: np.asarray(array, dtype="float64"), end)
    with np.errstate(all="ignore"):  # an end that is wrong may be anywhere
        first, last, lowest = (float(problem.numpy_loss(at, data)) for at in (x, end, right))
        way = max(abs(first - lowest), _worth(problem, given, right)) or abs(lowest) or 1.0
        if case.optimizer != LBFGS:
            return abs(last - lowest) / way
        if not _converged(case, problem, given, right, 1.0):
            asked = float(problem.numpy_loss(_halfway(case, problem, given), data))
            return max(last - asked, 0.0 * last) / way
        small = _converged(case, problem, given, end, MAX_GRADIENT)
        return largest(max(last - lowest, 0.0 * last) / way, 0.0 if small else math.inf)


def _converged(case: Case, problem: Problem, given: tuple[Any, ...], end: Parameters, factor: float) -> bool:
    """Whether the gradient at the end of `lbfgs` is at most `factor` times what it should be lowered to.

    It is taken for small where nobody has derived it.
    """
    if not problem.is_derived:
        return True
    x, data = given
    first, last = (_size(problem.gradient(at, data)) for at in (x, end))
    return bool(last <= factor * tolerance(case.dtype) * first)


def _halfway(case: Case, problem: Problem, given: tuple[Any, ...]) -> Parameters:
    """Return where the reference's `lbfgs` is after half of the steps."""
    x, data = given
    steps = max(1, case.steps // 2)
    key = ("halfway", named(problem), vars(replace(case, backend="", device="")), float(problem.numpy_loss(x, data)))
    run = hand_derived("descent", problem, steps, x, data, LBFGS)
    return tree_unflatten(x, kept(key, lambda: run(x, data)))


def _worth(problem: Problem, given: tuple[Any, ...], right: Parameters) -> float:
    """Return what the moves of all parameters are worth by the gradient at the start, each by itself.

    A short descent may go up and down, and end about as high as it began. 0 if nobody derived the gradient.
    """
    if not problem.is_derived:
        return 0.0
    x, data = given
    moves = zip(tree_leaves(problem.gradient(x, data)), tree_leaves(x), tree_leaves(right), strict=True)
    return float(sum(np.sum(np.abs(g * (end - start))) for g, start, end in moves))


def _size(gradient: Parameters) -> Array:
    return max(map(magnitude, tree_leaves(gradient)))
