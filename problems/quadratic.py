"""The tutorial's parabola, elementwise on a batch.

Formula     loss(x) = Σᵢ (xᵢ² − 2xᵢ + 5)
Minimum     4 per element, at xᵢ = 1
Shapes      x: (B,), the batch axis; starts uniform in [0, 1); no data
Gradient    d/dxᵢ (xᵢ² − 2xᵢ + 5) = 2xᵢ − 2; no element depends on another, so this is the gradient of the sum
Hessian     2 on the diagonal
Operations  per element: x (x − 2), summed, 3 for the value; 2 for the gradient
Stresses    dispatch at small batches, memory bandwidth at large ones

A step has four operations per element, and its gradient needs no reduction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem


def loss(xp: Any, x: Array, data: Data) -> Array:
    return xp.sum(x * x - 2.0 * x + 5.0)


def gradient(x: Array, data: Data) -> Array:
    return 2.0 * x - 2.0


def value_and_gradient(x: Array, data: Data) -> tuple[Array, Array]:
    g = 2.0 * x - 2.0
    return 0.25 * np.vdot(g, g) + 4.0 * x.size, g  # x² − 2x + 5 = (x − 1)² + 4


def hvp(x: Array, v: Array, data: Data) -> Array:
    return 2.0 * v


def gradient_into(x: Array, data: Data) -> GradientInto:
    def into(x: Array, data: Data, out: Array) -> None:
        np.multiply(x, 2.0, out=out)
        np.subtract(out, 2.0, out=out)

    return into


def flops(x: Array, data: Data) -> tuple[float, float]:
    return 3 * x.size, 2 * x.size


def minimum(x: Array, data: Data) -> float:
    return 4.0 * x.size


def draw(rng: np.random.Generator, batch_size: int) -> tuple[Array, Data]:
    return rng.random(batch_size), ()


PROBLEM = Problem(
    "quadratic",
    loss,
    gradient,
    draw,
    rate=0.1,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    minimum=minimum,
    batch_sizes=(1, 100, 10_000, 1_000_000),
)
