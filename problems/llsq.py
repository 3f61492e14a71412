"""GradBench's `llsq`: a polynomial fitted to the sign function, by least squares.

Formula     loss(x) = ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)²
Shapes      x: (m,), m = `terms`, the coefficients from the constant up; data V: (B, m), Vᵢⱼ = tᵢʲ, the Vandermonde
            matrix, and s: (B,), with tᵢ = −1 + 2i/(B − 1), sᵢ = sign tᵢ, and t = s = 0 for B = 1; the batch axis is
            that of the points; start x uniform in [0, 1)ᵐ
Gradient    with the residual r = Vx − s: ∇ = Vᵀr
Hessian     VᵀV
Operations  2Bm per product with V: the value has one product, and 3 per row; the gradient two, and 1 per row
Stresses    one matrix-vector product each way, ill-conditioned: only leading directions make progress
Source      GradBench, evals/llsq, after cmpad's llsq_obj, which defines B = 1. Values and gradients agree with theirs.
            Times do not: their tools compute the powers at each call. Here they are data, since a descent would not
            compute them again

The rate is 1 over a bound of the curvature: ΣᵢΣⱼ tᵢ²ʲ ≤ m + (B − 1) Σⱼ 1/(2j + 1), by the trapezoid rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem


def loss(xp: Any, x: Array, data: Data) -> Array:
    V, s = data
    r = V @ x - s
    return xp.sum(0.5 * r * r)


def gradient(x: Array, data: Data) -> Array:
    V, s = data
    return (V @ x - s) @ V


def value_and_gradient(x: Array, data: Data) -> tuple[Array, Array]:
    V, s = data
    r = V @ x - s
    return 0.5 * (r @ r), r @ V


def hvp(x: Array, v: Array, data: Data) -> Array:
    V, _ = data
    return (V @ v) @ V


def gradient_into(x: Array, data: Data) -> GradientInto:
    r = np.empty_like(data[1])

    def into(x: Array, data: Data, out: Array) -> None:
        V, s = data
        np.matmul(V, x, out=r)
        np.subtract(r, s, out=r)
        np.matmul(r, V, out=out)

    return into


def rate(x: Array, data: Data) -> float:
    size, terms = data[0].shape
    return 1.0 / (terms + (size - 1) * sum(1.0 / (2 * j + 1) for j in range(terms)))


def flops(x: Array, data: Data) -> tuple[float, float]:
    V, s = data
    return 2 * V.size + 3 * s.size, 4 * V.size + s.size


def minimum(x: Array, data: Data) -> float:
    V, s = data
    return float(loss(np, np.linalg.lstsq(V, s)[0], data))


def draw(rng: np.random.Generator, batch_size: int, terms: int) -> tuple[Array, Data]:
    t = np.linspace(-1.0, 1.0, batch_size) if batch_size > 1 else np.zeros(1)
    return rng.random(terms), (np.vander(t, terms, increasing=True), np.sign(t))


PROBLEM = Problem(
    "llsq",
    loss,
    gradient,
    draw,
    rate,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    minimum=minimum,
    sizes={"terms": 16},
    batch_sizes=(1, 100, 10_000, 100_000),
)
