"""The operators in hand-derived NumPy. The `numpy` backend, the float64 reference and the paired rounds run them.

`descent`   all steps of a gradient descent; returns the parameters at its end
`gradient`  ∇f(x)
`value`     f(x), without its derivative
`hvp`       H v, the Hessian of f at x times a direction v; shaped like x
`jvp`       ∇f(x)·v, the directional derivative of f along v: one number, which forward mode computes without ∇f
`value_and_gradient`  the pair of f(x) and ∇f(x), from one pass: what training calls
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from problems.descent import Gradient, loop
from problems.optimizers import LBFGS, SGD, lbfgs, optimized
from problems.parameters import ARRAY, FLAT, Array, Data, Parameters, form, tree_leaves, tree_unflatten
from problems.problem import Problem

OPERATORS = ("descent", "gradient", "value", "hvp", "jvp", "value_and_gradient")

PAIR = "value_and_gradient"
"""The operator whose result is a tuple of two: the value, and the gradient in the form of x."""

WRITES = ("descent", "gradient", "hvp", PAIR)
"""The operators whose result has an array like each of the parameters. The others return one number."""

ALONG = ("hvp", "jvp")
"""The operators that take a direction, and are called as `run(x, v, data)`; the others are called as `run(x, data)`."""

Operator: TypeAlias = Callable[..., Any]


def hand_derived(  # noqa: PLR0913, PLR0917 (the operator, and what it is for)
    operator: str, problem: Problem, steps: int, x: Parameters, data: Data, optimizer: str = SGD
) -> Operator:
    """Return the operator in hand-derived NumPy, for arguments like these. `optimizer` is that of a descent.

    Raises `ValueError` if nobody has derived it: `hvp` is optional.
    """
    if operator == "descent":
        return _descent(problem, steps, x, data, optimizer)
    if operator == "gradient":
        return problem.gradient
    if operator == "value":
        return problem.value or problem.numpy_loss
    if operator == PAIR:
        return problem.value_and_gradient or partial(_both, problem.value or problem.numpy_loss, problem.gradient)
    if operator == "jvp":
        jvp = {ARRAY: _jvp_of_array, FLAT: _jvp_of_tuple}.get(form(x), _jvp_of_nested)
        return partial(jvp, problem.gradient)
    if operator == "hvp" and problem.hvp is not None:
        return problem.hvp
    raise ValueError(f"{problem.name} has no hand-derived {operator}")


def _descent(problem: Problem, steps: int, x: Parameters, data: Data, optimizer: str) -> Operator:
    if optimizer == LBFGS:
        return lbfgs(hand_derived(PAIR, problem, 1, x, data), steps, x, data)
    rate = problem.rate_at(x, data)
    if optimizer == SGD:
        return loop(problem.gradient, rate, steps, x)
    return optimized(problem.gradient, optimizer, rate, steps, x)


def result_of(operator: str, x: Parameters, arrays: Sequence[Array]) -> Any:
    """Return the operator's result at `x` whose leaves are these arrays."""
    if operator == PAIR:
        return arrays[0], tree_unflatten(x, arrays[1:])
    return tree_unflatten(x, arrays) if operator in WRITES else arrays[0]


def _both(value: Operator, gradient: Gradient, x: Parameters, data: Data) -> tuple[Array, Parameters]:
    return value(x, data), gradient(x, data)


def _jvp_of_array(gradient: Gradient, x: Parameters, v: Parameters, data: Data) -> Array:
    return np.vdot(gradient(x, data), v)


def _jvp_of_tuple(gradient: Gradient, x: Parameters, v: Parameters, data: Data) -> Array:
    return sum(map(np.vdot, gradient(x, data), v))


def _jvp_of_nested(gradient: Gradient, x: Parameters, v: Parameters, data: Data) -> Array:
    return sum(map(np.vdot, tree_leaves(gradient(x, data)), tree_leaves(v)))
