"""GradBench's `lse`: the logarithm of a sum of exponentials, a smooth maximum.

Formula     loss(x) = log Σᵢ exp xᵢ
Shapes      x: (B,), the batch axis; starts uniform in [0, 1), as GradBench draws it; no data
Gradient    p = exp(x − a) / Σ exp(x − a): the softmax
Hessian     diag(p) − p pᵀ
Operations  per element: maximum, difference, exponential and sum, 4 for the value; the gradient also divides, 5
Stresses    reductions and memory bandwidth
Source      GradBench, evals/lse

The derivative by an element is about 1/B, and its curvature is no larger, so the rate is proportional to B. There is no
minimum: once the elements are equal, they decrease together for ever.

The loss is computed as a + log Σᵢ exp(xᵢ − a) with a = ⌊max x⌋. Any a gives the same value; this one does not overflow.
GradBench takes a = max x. The derivative by that a, 1 − Σp, is zero up to rounding, but it all goes to the largest
element, whose own derivative is about 1/B: at a million elements in float32 the check finds it wrong. The derivative of
the floor is zero in every framework.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem

RATE = 0.5


def loss(xp: Any, x: Array, data: Data) -> Array:
    a = xp.floor(xp.max(x))
    return a + xp.log(xp.sum(xp.exp(x - a)))


def gradient(x: Array, data: Data) -> Array:
    p = np.exp(x - x.max())
    p /= p.sum()
    return p


def value_and_gradient(x: Array, data: Data) -> tuple[Array, Array]:
    a = x.max()
    p = np.exp(x - a)
    total = p.sum()
    p /= total
    return a + np.log(total), p


def hvp(x: Array, v: Array, data: Data) -> Array:
    p = gradient(x, data)
    return p * (v - p @ v)


def gradient_into(x: Array, data: Data) -> GradientInto:
    def into(x: Array, data: Data, out: Array) -> None:
        np.subtract(x, x.max(), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(), out=out)

    return into


def rate(x: Array, data: Data) -> float:
    return RATE * len(x)


def flops(x: Array, data: Data) -> tuple[float, float]:
    return 4 * x.size, 5 * x.size


def minimum(x: Array, data: Data) -> float:
    return -math.inf


def draw(rng: np.random.Generator, batch_size: int) -> tuple[Array, Data]:
    return rng.random(batch_size), ()


PROBLEM = Problem(
    "log_sum_exp",
    loss,
    gradient,
    draw,
    rate,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    minimum=minimum,
    batch_sizes=(1, 100, 10_000, 1_000_000),
)
