"""What a problem is: an objective, its hand-derived gradient, and where its descent starts."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An array of any framework: `numpy.ndarray`, `torch.Tensor`, `jax.Array`."""

Data: TypeAlias = tuple[Array, ...]
"""The arrays a loss takes beside its parameters; empty where it needs none."""

GradientInto: TypeAlias = Callable[[Array, Array], None]
"""`into(x, out)` writes the gradient at `x` to `out`, allocating nothing."""


@dataclass(frozen=True)
class Problem:
    """An objective with its hand-derived gradient, its data and its starting point.

    `loss(xp, x, data)` is written once for every framework: `xp` is `numpy`, `autograd.numpy`, `torch` or
    `jax.numpy`, so it may use operators, slices, and those functions that all four spell alike with positional
    arguments (`xp.sum(x, -1)`, `xp.exp`, `xp.log1p`, `xp.abs`, `@`). It returns a scalar.
    `gradient(x, data)` is its derivative by `x`, in NumPy, written as fast as an expert would: it is the yardstick.
    `draw(rng, batch_size)` returns the start `x` and the `data`, in float64.
    `gradient_into(x, data)`, where given, allocates scratch for arrays like `x` and returns a `GradientInto`.
    `rate` is the learning rate, `steps` the length of the descent unless the user asks for another.
    """

    name: str
    loss: Callable[[Any, Array, Data], Array]
    gradient: Callable[[Array, Data], Array]
    draw: Callable[[np.random.Generator, int], tuple[Array, Data]]
    rate: float
    steps: int = 100
    gradient_into: Callable[[Array, Data], GradientInto] | None = None


def instance(problem: Problem, batch_size: int, dtype: str) -> tuple[Array, Data]:
    """Draw the problem's start and data, the same for every backend, rounded to `dtype`, read-only.

    The seed depends on the problem and the batch size alone. The values are drawn in float64 and then rounded, so
    that float32 and float64 start from the same point.
    """
    rng = np.random.default_rng(zlib.crc32(f"{problem.name}/{batch_size}".encode()))
    x, data = problem.draw(rng, batch_size)
    return _frozen(x, dtype), tuple(_frozen(array, dtype) for array in data)


def descend(problem: Problem, x: Array, data: Data, steps: int) -> Array:
    """Return where `steps` steps of gradient descent with the hand-derived gradient lead from `x`.

    This loop is the yardstick: the `numpy` backend, the float64 reference and the paired reference are all this one.
    """
    gradient, rate = problem.gradient, problem.rate
    for _ in range(steps):
        x = x - rate * gradient(x, data)
    return x


def _frozen(array: Array, dtype: str) -> Array:
    array = np.ascontiguousarray(array, dtype=dtype)
    array.setflags(write=False)
    return array
