"""What a problem is: an objective, its hand-derived gradient, and where its descent starts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from problems.parameters import Array, Data, Parameters, tree_map

Rate: TypeAlias = Callable[[Parameters, Data], float]
"""A learning rate that goes by the shapes of the parameters and the data."""

Flops: TypeAlias = Callable[[Parameters, Data], tuple[float, float]]
"""The floating-point operations that a value and a gradient cannot avoid; `problems.cost` says how they are counted."""

GradientInto: TypeAlias = Callable[[Parameters, Parameters], None]
"""`into(x, out)` writes the gradient at `x` to `out`, allocating nothing."""


@dataclass(frozen=True)
class Problem:
    """An objective with its hand-derived gradient, its data and its starting point.

    `loss(xp, x, data)` is written once for every framework: `xp` is `numpy`, `autograd.numpy`, `torch` or
    `jax.numpy`, so it may use operators, slices, and those functions that all four spell alike with positional
    arguments (`xp.sum(x, -1)`, `xp.exp`, `xp.log1p`, `xp.abs`, `@`). It returns a scalar. Two spellings keep float32
    what it is: numbers are multiplied into arrays, before they are summed (`torch.func.jvp` makes float64 of a number
    times a sum), and a mean is a sum divided by a length (HIPS autograd makes float64 of the slope of `mean`).
    `gradient(x, data)` is its derivative by `x`, in NumPy, written as fast as an expert would: it is the yardstick.
    `draw(rng, batch_size, **sizes)` returns the start `x`, one array or a tuple of arrays, and the `data`, in float64;
    arrays of whole numbers, such as indices, stay what they are.
    `gradient_into(x, data)`, where given, allocates scratch for arrays like `x` and returns a `GradientInto`.
    `value(x, data)`, where given, is the loss by hand, for NumPy alone, where the common spelling is slow there.
    `hvp(x, v, data)`, where given, is the Hessian at `x` times `v`, in NumPy, as fast as the gradient is.
    `rate` is the learning rate, or a function of `x` and `data` that returns it: a loss that is a sum over the batch
    needs a smaller one the larger the batch. `steps` is the length of the descent unless the user asks for another.
    `flops(x, data)`, where given, counts the operations that a value and a gradient of these shapes cannot avoid.
    `minimum(x, data)`, where given, is the least loss there is, −∞ where there is none; else one is searched for.
    `sizes` are the lengths of the axes beside the batch, by name, and `batch_sizes` those of the batch that are raced
    unless the user asks for others: from where a call's own cost is all to where the arithmetic is, three at least for
    `report costs` to fit a line to, in a descent that every backend ends within seconds.
    """

    name: str
    loss: Callable[[Any, Parameters, Data], Array]
    gradient: Callable[[Parameters, Data], Parameters]
    draw: Callable[..., tuple[Parameters, Data]]
    rate: float | Rate
    steps: int = 100
    value: Callable[[Parameters, Data], Array] | None = None
    gradient_into: Callable[[Parameters, Data], GradientInto] | None = None
    hvp: Callable[[Parameters, Parameters, Data], Parameters] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)
    batch_sizes: tuple[int, ...] = (1, 100, 10_000, 1_000_000)
    flops: Flops | None = None
    minimum: Callable[[Parameters, Data], float] | None = None

    def rate_at(self, x: Parameters, data: Data) -> float:
        """Return the learning rate for parameters and data of these shapes."""
        return self.rate(x, data) if callable(self.rate) else self.rate


def instance(problem: Problem, batch_size: int, dtype: str) -> tuple[Parameters, Data]:
    """Draw the problem's start and data, the same for every backend, rounded to `dtype`, read-only.

    The seed depends on the problem and the batch size alone. The values are drawn in float64 and then rounded, so
    that float32 and float64 start from the same point.
    """
    x, data = problem.draw(_rng(problem, batch_size, "start"), batch_size, **problem.sizes)
    return tree_map(lambda array: _frozen(array, dtype), x), tuple(_frozen(array, dtype) for array in data)


def direction(problem: Problem, batch_size: int, x: Parameters) -> Parameters:
    """Draw a direction for parameters like `x`, standard normal, read-only, the same for every backend and dtype."""
    rng = _rng(problem, batch_size, "direction")
    return tree_map(lambda array: _frozen(rng.standard_normal(array.shape), str(array.dtype)), x)


def _rng(problem: Problem, batch_size: int, what: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{problem.name}/{batch_size}/{what}".encode()))


def _frozen(array: Array, dtype: str) -> Array:
    array = np.ascontiguousarray(array, dtype=dtype if array.dtype.kind == "f" else None)
    array.setflags(write=False)
    return array
