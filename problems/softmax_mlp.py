"""A classifier of two layers: the smallest network that backpropagates.

Formula     loss = 1/B Σ_b (log Σ_c exp Z_bc − Z_b·Y_b), Z = tanh(X W₁ + b₁) W₂ + b₂
Shapes      W₁: (d, h), b₁: (h,), W₂: (h, c), b₂: (c,), with d = `inputs`, h = `hidden`, c = `classes`; data X: (B, d),
            the batch axis first, standard normal; Y: (B, c), one-hot, the largest of a random linear map; start W
            normal with variance 1 over the length of its first axis, b zero
Gradient    H = tanh(X W₁ + b₁), E = (softmax Z − Y)/B: ∇W₂ = HᵀE, ∇b₂ = Σ_b E; D = (E W₂ᵀ)(1 − H²): ∇W₁ = XᵀD,
            ∇b₁ = Σ_b D
Hessian     the gradient's formulas, differentiated along the direction (a dot marks that derivative):
            Ḣ = (1 − H²)(X Ẇ₁ + ḃ₁), Ż = Ḣ W₂ + H Ẇ₂ + ḃ₂, Ė = P (Ż − Σ_c P Ż)/B with P = softmax Z,
            Ḋ = (Ė W₂ᵀ + E Ẇ₂ᵀ)(1 − H²) − 2 (E W₂ᵀ) H Ḣ
Operations  per row: for the value 2dh + 2hc for the products, and 2h + 7c + 2 more; for the gradient 4dh + 6hc for the
            products, and 6h + 9c more
Stresses    matrix products, backpropagation, and four arrays of parameters
Source      B. Pearlmutter, "Fast exact multiplication by the Hessian", 1994, for the Hessian-vector product
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data, Parameters
from problems.problem import GradientInto, Preset, Problem


def loss(xp: Any, x: Parameters, data: Data) -> Array:
    W1, b1, W2, b2 = x
    X, Y = data
    Z = xp.tanh(X @ W1 + b1) @ W2 + b2
    Z = Z - xp.amax(Z, 1)[:, None]
    return xp.sum(xp.log(xp.sum(xp.exp(Z), 1)) - xp.sum(Z * Y, 1)) / Y.shape[0]


def gradient(x: Parameters, data: Data) -> Parameters:
    W1, b1, W2, b2 = x
    X, Y = data
    H = np.tanh(X @ W1 + b1)
    E = (_softmax(H @ W2 + b2) - Y) / len(Y)
    D = (E @ W2.T) * (1.0 - H * H)
    return X.T @ D, D.sum(0), H.T @ E, E.sum(0)


def value_and_gradient(x: Parameters, data: Data) -> tuple[Array, Parameters]:
    W1, b1, W2, b2 = x
    X, Y = data
    H = np.tanh(X @ W1 + b1)
    E = H @ W2 + b2
    E -= E.max(1)[:, None]
    labelled = np.vdot(E, Y)
    np.exp(E, out=E)
    totals = E.sum(1)
    value = (np.log(totals).sum() - labelled) / len(Y)
    E = (E / totals[:, None] - Y) / len(Y)
    D = (E @ W2.T) * (1.0 - H * H)
    return value, (X.T @ D, D.sum(0), H.T @ E, E.sum(0))


def hvp(x: Parameters, v: Parameters, data: Data) -> Parameters:
    W1, b1, W2, b2 = x
    V1, c1, V2, c2 = v
    X, Y = data
    H = np.tanh(X @ W1 + b1)
    factor = 1.0 - H * H
    dH = factor * (X @ V1 + c1)
    P = _softmax(H @ W2 + b2)
    dZ = dH @ W2 + H @ V2 + c2
    E = (P - Y) / len(Y)
    dE = P * (dZ - np.einsum("bc,bc->b", P, dZ)[:, None]) / len(Y)
    dD = (dE @ W2.T + E @ V2.T) * factor - 2.0 * (E @ W2.T) * H * dH
    return X.T @ dD, dD.sum(0), dH.T @ E + H.T @ dE, dE.sum(0)


def _softmax(Z: Array) -> Array:
    Z -= Z.max(1)[:, None]
    np.exp(Z, out=Z)
    Z /= Z.sum(1)[:, None]
    return Z


def gradient_into(x: Parameters, data: Data) -> GradientInto:
    W1, _, W2, _ = x
    size, dtype = len(data[0]), W1.dtype
    H, D, E = (np.empty((size, columns), dtype=dtype) for columns in (W1.shape[1], W1.shape[1], W2.shape[1]))
    row = np.empty((size, 1), dtype=dtype)

    def error(H: Array, W2: Array, b2: Array, Y: Array) -> None:
        np.matmul(H, W2, out=E)
        np.add(E, b2, out=E)
        np.max(E, axis=1, keepdims=True, out=row)
        np.subtract(E, row, out=E)
        np.exp(E, out=E)
        np.sum(E, axis=1, keepdims=True, out=row)
        np.divide(E, row, out=E)
        np.subtract(E, Y, out=E)
        np.divide(E, len(Y), out=E)

    def into(x: Parameters, data: Data, out: Parameters) -> None:
        (W1, b1, W2, b2), (X, Y) = x, data
        np.matmul(X, W1, out=H)
        np.add(H, b1, out=H)
        np.tanh(H, out=H)
        error(H, W2, b2, Y)
        np.matmul(H.T, E, out=out[2])
        np.sum(E, axis=0, out=out[3])
        np.matmul(E, W2.T, out=D)
        np.multiply(H, H, out=H)
        np.subtract(1.0, H, out=H)
        np.multiply(D, H, out=D)
        np.matmul(X.T, D, out=out[0])
        np.sum(D, axis=0, out=out[1])

    return into


def flops(x: Parameters, data: Data) -> tuple[float, float]:
    W1, _, W2, _ = x
    X, _ = data
    (_, h), c = W1.shape, W2.shape[1]
    value = 2 * W1.size + 2 * W2.size + 2 * h + 7 * c + 2
    gradient = 4 * W1.size + 6 * W2.size + 6 * h + 9 * c
    return len(X) * value, len(X) * gradient


def draw(rng: np.random.Generator, batch_size: int, inputs: int, hidden: int, classes: int) -> tuple[Parameters, Data]:
    X = rng.standard_normal((batch_size, inputs))
    Y = np.eye(classes)[np.argmax(X @ rng.standard_normal((inputs, classes)), 1)]
    W1 = rng.standard_normal((inputs, hidden)) / np.sqrt(inputs)
    W2 = rng.standard_normal((hidden, classes)) / np.sqrt(hidden)
    return (W1, np.zeros(hidden), W2, np.zeros(classes)), (X, Y)


PROBLEM = Problem(
    "softmax_mlp",
    loss,
    gradient,
    draw,
    rate=0.1,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    sizes={"inputs": 16, "hidden": 32, "classes": 8},
    batch_sizes=(1, 10, 100, 1_000),
    presets={"large": Preset({"inputs": 784, "hidden": 512, "classes": 10}, batch_sizes=(16, 64, 256))},
)
