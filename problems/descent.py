"""Gradient descent: one loop, which the hand-derived gradient and HIPS autograd share.

There is one loop for a single array, one for a tuple of arrays and one for any other nesting. Which of them runs is
decided before the first step: a step of hand-derived NumPy on one number takes two microseconds, and a check in each
step would show.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import optree

from problems.parameters import ARRAY, FLAT, Array, Data, Parameters, form, tree_leaves
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
    descend = {ARRAY: _descend_array, FLAT: _descend_tuple}.get(form(x), _descend_nested)
    return partial(descend, gradient, down, steps)


def _descend_array(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    # x − rate ∇f(x), to the last bit. In this order NumPy adds into the product, and allocates no third array.
    for _ in range(steps):
        x = down * gradient(x, data) + x
    return x


def _descend_tuple(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    for _ in range(steps):
        x = tuple(down * g + position for position, g in zip(x, gradient(x, data), strict=True))
    return x


def _descend_nested(gradient: Gradient, down: Array, steps: int, x: Parameters, data: Data) -> Parameters:
    positions, nesting = optree.tree_flatten(x)
    for _ in range(steps):
        gradients = nesting.flatten_up_to(gradient(x, data))
        positions = [down * g + position for position, g in zip(positions, gradients, strict=True)]
        x = nesting.unflatten(positions)
    return x
