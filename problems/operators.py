"""The operators, by hand: what the `numpy` backend runs, the float64 reference computes, and the paired rounds repeat.

`descent`   all steps of a gradient descent; the parameters at its end
`gradient`  ∇f(x)
`value`     f(x), without its derivative
`hvp`       H v, the Hessian of f at x times a direction v: shaped like x
`jvp`       ∇f(x)·v, the slope of f along v: one number, which forward mode gives without the gradient
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from problems.descent import Gradient, loop
from problems.parameters import Array, Data, Parameters
from problems.problem import Problem

OPERATORS = ("descent", "gradient", "value", "hvp", "jvp")

ALONG = ("hvp", "jvp")
"""The operators that take a direction: their calls are `run(x, v, data)`, those of the others `run(x, data)`."""

Operator: TypeAlias = Callable[..., Any]


def by_hand(operator: str, problem: Problem, steps: int, x: Parameters, data: Data) -> Operator:
    """Return the operator in hand-derived NumPy, for arguments like these. Raises `ValueError` where there is none."""
    if operator == "descent":
        return loop(problem.gradient, problem.rate_at(x, data), steps, x)
    if operator == "gradient":
        return problem.gradient
    if operator == "value":
        return problem.value or partial(problem.loss, np)
    if operator == "jvp":
        return partial(_slope_along_each if isinstance(x, tuple) else _slope_along, problem.gradient)
    if operator == "hvp" and problem.hvp is not None:
        return problem.hvp
    raise ValueError(f"{problem.name} has no hand-derived {operator}")


def _slope_along(gradient: Gradient, x: Parameters, v: Parameters, data: Data) -> Array:
    return np.vdot(gradient(x, data), v)


def _slope_along_each(gradient: Gradient, x: Parameters, v: Parameters, data: Data) -> Array:
    return sum(map(np.vdot, gradient(x, data), v))
