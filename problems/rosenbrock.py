"""The chained Rosenbrock function on a batch of points: a curved valley, not convex.

Formula     loss(x) = Σ_b Σᵢ 100 (x_{b,i+1} − x_{b,i}²)² + (1 − x_{b,i})², i = 1 … d − 1
Minimum     0, at x = 1
Shapes      x: (B, d), the batch axis first, d = `dimension`; starts uniform in [0, 1)ᵈ; no data
Gradient    with a_i = x_{i+1} − x_i²: the i-th term gives −400 x_i a_i − 2 (1 − x_i) to x_i and 200 a_i to x_{i+1}
Hessian     along v, a_i moves by ȧ_i = v_{i+1} − 2 x_i v_i: −400 (v_i a_i + x_i ȧ_i) + 2 v_i and 200 ȧ_i
Operations  per term: 8 for the value; 8 for the gradient, with 200 a_i computed once
Stresses    slices, and their adjoints (padding and scattering), which a framework may do well or badly
Source      H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960

The rate is below 2 over the largest curvature on the way (about 1,402 at x = 1), so that the descent is stable.

The hand-derived code takes all rows as one long row, and sets the terms across the ends of the rows to zero: NumPy's
loops run along the last axis, and d − 1 numbers are too few for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem


def loss(xp: Any, x: Array, data: Data) -> Array:
    head, tail = x[:, :-1], x[:, 1:]
    valley = tail - head * head
    gap = 1.0 - head
    return xp.sum(100.0 * valley * valley + gap * gap)


def value(x: Array, data: Data) -> Array:
    flat = x.ravel()
    valley = flat[1:] - flat[:-1] * flat[:-1]
    gap = 1.0 - flat[:-1]
    terms = 100.0 * valley * valley + gap * gap
    terms[x.shape[1] - 1 :: x.shape[1]] = 0.0
    return terms.sum()


def gradient(x: Array, data: Data) -> Array:
    flat, last = x.ravel(), slice(x.shape[1] - 1, None, x.shape[1])
    valley = np.empty_like(flat)
    np.subtract(flat[1:], flat[:-1] * flat[:-1], out=valley[:-1])
    valley[last] = 0.0
    out = (2.0 - 400.0 * valley) * flat - 2.0
    out[last] = 0.0
    out[1:] += 200.0 * valley[:-1]
    return out.reshape(x.shape)


def value_and_gradient(x: Array, data: Data) -> tuple[Array, Array]:
    flat, last = x.ravel(), slice(x.shape[1] - 1, None, x.shape[1])
    valley, gap = np.empty_like(flat), 1.0 - flat
    np.subtract(flat[1:], flat[:-1] * flat[:-1], out=valley[:-1])
    valley[last] = gap[last] = 0.0
    out = -400.0 * valley * flat - 2.0 * gap
    out[1:] += 200.0 * valley[:-1]
    return 100.0 * np.vdot(valley, valley) + np.vdot(gap, gap), out.reshape(x.shape)


def hvp(x: Array, v: Array, data: Data) -> Array:
    flat, along, last = x.ravel(), v.ravel(), slice(x.shape[1] - 1, None, x.shape[1])
    valley, rise = np.empty_like(flat), np.empty_like(flat)
    np.subtract(flat[1:], flat[:-1] * flat[:-1], out=valley[:-1])
    np.subtract(along[1:], 2.0 * flat[:-1] * along[:-1], out=rise[:-1])
    valley[last] = rise[last] = 0.0
    out = (2.0 - 400.0 * valley) * along - 400.0 * flat * rise
    out[last] = 0.0
    out[1:] += 200.0 * rise[:-1]
    return out.reshape(x.shape)


def gradient_into(x: Array, data: Data) -> GradientInto:
    last = slice(x.shape[1] - 1, None, x.shape[1])
    valley = np.empty_like(x.ravel())
    scratch = np.empty_like(valley)

    def into(x: Array, data: Data, out: Array) -> None:
        flat, into_flat = x.ravel(), out.reshape(-1)
        np.multiply(flat, flat, out=valley)
        np.subtract(flat[1:], valley[:-1], out=valley[:-1])
        valley[last] = 0.0
        np.multiply(valley, -400.0, out=scratch)
        np.add(scratch, 2.0, out=scratch)
        np.multiply(scratch, flat, out=scratch)
        np.subtract(scratch, 2.0, out=into_flat)
        into_flat[last] = 0.0
        np.multiply(valley, 200.0, out=valley)
        np.add(into_flat[1:], valley[:-1], out=into_flat[1:])

    return into


def flops(x: Array, data: Data) -> tuple[float, float]:
    terms = x[:, 1:].size
    return 8 * terms, 8 * terms


def minimum(x: Array, data: Data) -> float:
    return 0.0


def draw(rng: np.random.Generator, batch_size: int, dimension: int) -> tuple[Array, Data]:
    return rng.random((batch_size, dimension)), ()


PROBLEM = Problem(
    "rosenbrock",
    loss,
    gradient,
    draw,
    rate=5e-4,
    value=value,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    minimum=minimum,
    sizes={"dimension": 4},
    batch_sizes=(1, 100, 1_000, 10_000),
)
