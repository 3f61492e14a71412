"""Linear least squares on random features: the smallest problem with a product in it.

Formula     loss(w) = 1/(2B) ‖Xw − y‖²
Shapes      w: (d,), d = `dimension`; data X: (B, d), the batch axis first, normal with variance 1/d; y: (B,), a
            random plane's values and normal noise of deviation 0.1; start w normal with deviation 0.1
Gradient    with the residual r = Xw − y: ∇ = 1/B Xᵀr
Hessian     1/B XᵀX
Operations  2Bd per product with X: the value has one product, and 3 per row; the gradient two, and 1 per row
Stresses    one matrix-vector product each way

XᵀX, computed once, would save both products, but then the gradient would no longer be that of this loss.
A row of X has a length near 1 for every d, so that the rate is stable for every d and for a single row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem

NOISE = 0.1


def loss(xp: Any, w: Array, data: Data) -> Array:
    X, y = data
    r = X @ w - y
    return xp.sum(0.5 * r * r) / y.shape[0]


def gradient(w: Array, data: Data) -> Array:
    X, y = data
    return ((X @ w - y) @ X) / len(y)


def value_and_gradient(w: Array, data: Data) -> tuple[Array, Array]:
    X, y = data
    r = X @ w - y
    return 0.5 * (r @ r) / len(y), (r @ X) / len(y)


def hvp(w: Array, v: Array, data: Data) -> Array:
    X, y = data
    return ((X @ v) @ X) / len(y)


def gradient_into(w: Array, data: Data) -> GradientInto:
    r = np.empty_like(data[1])

    def into(w: Array, data: Data, out: Array) -> None:
        X, y = data
        np.matmul(X, w, out=r)
        np.subtract(r, y, out=r)
        np.matmul(r, X, out=out)
        np.divide(out, len(y), out=out)

    return into


def flops(w: Array, data: Data) -> tuple[float, float]:
    X, y = data
    return 2 * X.size + 3 * y.size, 4 * X.size + y.size


def minimum(w: Array, data: Data) -> float:
    X, y = data
    return float(loss(np, np.linalg.lstsq(X, y)[0], data))


def draw(rng: np.random.Generator, batch_size: int, dimension: int) -> tuple[Array, Data]:
    X = rng.standard_normal((batch_size, dimension)) / np.sqrt(dimension)
    y = X @ rng.standard_normal(dimension) + NOISE * rng.standard_normal(batch_size)
    return 0.1 * rng.standard_normal(dimension), (X, y)


PROBLEM = Problem(
    "least_squares",
    loss,
    gradient,
    draw,
    rate=0.5,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    minimum=minimum,
    sizes={"dimension": 16},
    batch_sizes=(1, 100, 10_000, 100_000),
)
