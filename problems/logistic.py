"""Logistic regression with an L2 penalty: a problem with data as well as parameters.

Formula     loss(w) = 1/B Σ_b log(1 + exp(−y_b X_b·w)) + λ/2 ‖w‖², λ = 0.01
Shapes      w: (d,), d = `dimension`; data X: (B, d), the batch axis first, standard normal; y: (B,), ±1, from a random
            plane, a tenth of them flipped; start w normal with deviation 0.1
Gradient    d/dm log(1 + e^{−m}) = −σ(−m), m = y X·w; so ∇ = −1/B Xᵀ (y σ(−m)) + λ w
Hessian     1/B Xᵀ diag(σ(m) σ(−m)) X + λ, since y² = 1
Operations  2Bd per product with X: the value has one product, and 5 per row; the gradient two, and 4 per row
Stresses    one matrix-vector product each way, and a softplus that must not overflow

The loss writes the softplus of z = −m as max(z, 0) + log1p(exp(−|z|)).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem

PENALTY = 0.01
FLIPPED = 0.1


def loss(xp: Any, w: Array, data: Data) -> Array:
    X, y = data
    z = -y * (X @ w)
    size = xp.abs(z)
    softplus = 0.5 * (z + size) + xp.log1p(xp.exp(-size))
    return xp.sum(softplus) / y.shape[0] + xp.sum(0.5 * PENALTY * w * w)


def gradient(w: Array, data: Data) -> Array:
    X, y = data
    # exp(m) cannot overflow here: |m| stays below 88 for normal features and the small weights of this descent.
    pull = y / (1.0 + np.exp(y * (X @ w)))
    return PENALTY * w - (pull @ X) / len(y)


def value_and_gradient(w: Array, data: Data) -> tuple[Array, Array]:
    X, y = data
    odds = np.exp(y * (X @ -w))  # exp(−m), which cannot overflow either
    pull = y * odds / (1.0 + odds)
    value = np.log1p(odds).sum() / len(y) + 0.5 * PENALTY * (w @ w)
    return value, PENALTY * w - (pull @ X) / len(y)


def hvp(w: Array, v: Array, data: Data) -> Array:
    X, y = data
    pull = 1.0 / (1.0 + np.exp(y * (X @ w)))
    return PENALTY * v + ((pull * (1.0 - pull) * (X @ v)) @ X) / len(y)


def gradient_into(w: Array, data: Data) -> GradientInto:
    pull = np.empty_like(data[1])
    decay = np.empty_like(w)

    def into(w: Array, data: Data, out: Array) -> None:
        X, y = data
        np.matmul(X, w, out=pull)
        np.multiply(pull, y, out=pull)
        np.exp(pull, out=pull)
        np.add(pull, 1.0, out=pull)
        np.divide(y, pull, out=pull)
        np.matmul(pull, X, out=out)
        np.divide(out, -len(y), out=out)
        np.multiply(w, PENALTY, out=decay)
        np.add(out, decay, out=out)

    return into


def flops(w: Array, data: Data) -> tuple[float, float]:
    X, y = data
    return 2 * X.size + 5 * y.size, 4 * X.size + 4 * y.size


def draw(rng: np.random.Generator, batch_size: int, dimension: int) -> tuple[Array, Data]:
    X = rng.standard_normal((batch_size, dimension))
    plane = rng.standard_normal(dimension)
    sign = np.where(rng.random(batch_size) < FLIPPED, -1.0, 1.0)
    y = np.where(X @ plane < 0.0, -1.0, 1.0) * sign
    return 0.1 * rng.standard_normal(dimension), (X, y)


PROBLEM = Problem(
    "logistic",
    loss,
    gradient,
    draw,
    rate=0.5,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    sizes={"dimension": 16},
    batch_sizes=(1, 100, 10_000, 100_000),
)
