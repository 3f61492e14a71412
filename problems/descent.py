"""Gradient descent: the one loop that the hand-derived gradient and the eager frameworks share.

Parameters of one array have a loop of their own, chosen before the first step: a step of hand-derived NumPy on one
number costs two microseconds, and asking at each step what the parameters are would be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from problems.parameters import Array, Data, Parameters, tree_leaves
from problems.problem import Problem

Gradient: TypeAlias = Callable[[Parameters, Data], Parameters]
Descent: TypeAlias = Callable[[Parameters, Data], Parameters]
"""`run(x, data)` returns where the descent leads from `x`."""


def descend(problem: Problem, x: Parameters, data: Data, steps: int) -> Parameters:
    """Return where `steps` steps of gradient descent with the hand-derived gradient lead from `x`.

    This loop is the yardstick: the `numpy` backend, the float64 reference and the paired reference are all this one.
    """
    return loop(problem.gradient, problem.rate_at(x, data), steps, x)(x, data)


def loop(gradient: Gradient, rate: float, steps: int, x: Parameters) -> Descent:
    """Return the descent of `steps` steps for parameters like `x`."""
    # An array, made once: of a number NumPy would make one at each step, an eighth of a small one.
    down = np.asarray(-rate, dtype=tree_leaves(x)[0].dtype)
    return partial(_descend_each if isinstance(x, tuple) else _descend_one, gradient, down, steps)


def _descend_one(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    # x − rate ∇f(x), to the last bit; but this way round NumPy adds into the product, and allocates no third array.
    for _ in range(steps):
        x = down * gradient(x, data) + x
    return x


def _descend_each(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    for _ in range(steps):
        x = tuple(down * slope + position for position, slope in zip(x, gradient(x, data), strict=True))
    return x
