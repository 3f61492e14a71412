"""Gradient descent: one loop, which the hand-derived gradient and HIPS autograd share.

There is one loop for a single array and one for a tuple of arrays. Which of them runs is decided before the first
step: a step of hand-derived NumPy on one number takes two microseconds, and a check in each step would show.
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
"""`run(x, data)` returns the parameters at the end of the descent from `x`."""


def descend(problem: Problem, x: Parameters, data: Data, steps: int) -> Parameters:
    """Return the parameters after `steps` steps of gradient descent from `x` with the hand-derived gradient.

    This loop is the reference: the `numpy` backend, the float64 answer and the paired rounds all run it.
    """
    return loop(problem.gradient, problem.rate_at(x, data), steps, x)(x, data)


def loop(gradient: Gradient, rate: float, steps: int, x: Parameters) -> Descent:
    """Return the descent of `steps` steps for parameters like `x`."""
    # An array, made once: NumPy would turn a Python number into an array at each step, an eighth of a small step.
    down = np.asarray(-rate, dtype=tree_leaves(x)[0].dtype)
    return partial(_descend_tuple if isinstance(x, tuple) else _descend_array, gradient, down, steps)


def _descend_array(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    # x − rate ∇f(x), to the last bit. In this order NumPy adds into the product, and allocates no third array.
    for _ in range(steps):
        x = down * gradient(x, data) + x
    return x


def _descend_tuple(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    for _ in range(steps):
        x = tuple(down * g + position for position, g in zip(x, gradient(x, data), strict=True))
    return x
