"""A block of self-attention with one head: the part of a transformer that its length makes quadratic.

Formula     loss = 1/(2BT) Σ_b ‖A_b V_b W_o − Y_b‖², A_b = softmax(Q_b K_bᵀ/√d) by rows,
            Q_b = X_b W_q, K_b = X_b W_k, V_b = X_b W_v
Shapes      W_q, W_k, W_v, W_o: (d, d), d = `width`; data X: (B, T, d), T = `length`, the batch axis first, standard
            normal; Y: (B, T, d), what another block returns, whose weights are drawn like those of the start: normal
            with variance 1/d
Gradient    Z = A V, R = (Z W_o − Y)/(BT): ∇W_o = Σ_b ZᵀR; G = R W_oᵀ, D = A (G Vᵀ − Σ_i G_·i Z_·i)/√d:
            ∇W_q = Σ_b Xᵀ(D K), ∇W_k = Σ_b Xᵀ(DᵀQ), ∇W_v = Σ_b Xᵀ(AᵀG)
Hessian     the gradient's formulas, differentiated along the direction (a dot marks that derivative):
            Ȧ = A (Ṡ − Σ A Ṡ), Ṡ = (Q̇ Kᵀ + Q K̇ᵀ)/√d, sums by rows; Ż = Ȧ V + A V̇, Ṙ = (Ż W_o + Z Ẇ_o)/(BT),
            Ġ = Ṙ W_oᵀ + R Ẇ_oᵀ, and with P = G Vᵀ − Σ G Z: Ḋ = (Ȧ P + A Ṗ)/√d
Operations  per row of X: for the value 8d² + 4Td for the products, and 5T + 3d more; for the gradient 18d² + 12Td for
            the products, and 7T + 4d more
Stresses    products of many small matrices, their transposes, and a softmax between them
Source      A. Vaswani et al., "Attention is all you need", 2017, equation 1; for Σ_i G_·i Z_·i, which needs no sum over
            A, T. Dao et al., "FlashAttention", 2022, appendix B

The loss is that of torch's `MultiheadAttention` with one head, no bias and a mean squared error, times d/2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from problems.parameters import Array, Data, Parameters
from problems.problem import GradientInto, Preset, Problem


def loss(xp: Any, x: Parameters, data: Data) -> Array:
    Wq, Wk, Wv, Wo = x
    X, Y = data
    S = (X @ (Wq / math.sqrt(X.shape[2]))) @ xp.swapaxes(X @ Wk, 1, 2)
    A = xp.exp(S - xp.amax(S, 2)[:, :, None])
    A = A / xp.sum(A, 2)[:, :, None]
    R = A @ (X @ Wv) @ Wo - Y
    return xp.sum(0.5 * R * R) / (X.shape[0] * X.shape[1])


def gradient(x: Parameters, data: Data) -> Parameters:
    Wq, Wk, Wv, Wo = x
    X, Y = data
    scale = 1.0 / math.sqrt(len(Wq))
    Q, K, V = _product(X, scale * Wq), _product(X, Wk), _product(X, Wv)
    A = _softmax(Q @ _transposed(K))
    Z = A @ V
    R = _product(Z, Wo)
    R -= Y
    R /= Y.shape[0] * Y.shape[1]
    G = _product(R, Wo.T)
    D = G @ _transposed(V)
    D -= np.einsum("bti,bti->bt", G, Z)[:, :, None]
    D *= A
    by_Wq = scale * _across(X, D @ K)
    return by_Wq, _across(X, _transposed(D) @ Q), _across(X, _transposed(A) @ G), _across(Z, R)


def hvp(x: Parameters, v: Parameters, data: Data) -> Parameters:
    Wq, Wk, Wv, Wo = x
    dWq, dWk, dWv, dWo = v
    X, Y = data
    scale, rows = 1.0 / math.sqrt(len(Wq)), Y.shape[0] * Y.shape[1]
    Q, K, V = _product(X, scale * Wq), _product(X, Wk), _product(X, Wv)
    dQ, dK, dV = _product(X, scale * dWq), _product(X, dWk), _product(X, dWv)
    A = _softmax(Q @ _transposed(K))
    dA = dQ @ _transposed(K) + Q @ _transposed(dK)
    dA -= np.einsum("bts,bts->bt", A, dA)[:, :, None]
    dA *= A
    Z, dZ = A @ V, dA @ V + A @ dV
    R, dR = (_product(Z, Wo) - Y) / rows, (_product(dZ, Wo) + _product(Z, dWo)) / rows
    G, dG = _product(R, Wo.T), _product(dR, Wo.T) + _product(R, dWo.T)
    P = G @ _transposed(V) - np.einsum("bti,bti->bt", G, Z)[:, :, None]
    dP = dG @ _transposed(V) + G @ _transposed(dV)
    dP -= (np.einsum("bti,bti->bt", dG, Z) + np.einsum("bti,bti->bt", G, dZ))[:, :, None]
    D, dD = A * P, dA * P + A * dP
    by_Q = dD @ K + D @ dK
    by_K = _transposed(dD) @ Q + _transposed(D) @ dQ
    by_V = _transposed(dA) @ G + _transposed(A) @ dG
    return scale * _across(X, by_Q), _across(X, by_K), _across(X, by_V), _across(dZ, R) + _across(Z, dR)


def _product(X: Array, W: Array) -> Array:
    """Return X W for the whole batch in one matrix product: NumPy would compute one product per sequence."""
    return (X.reshape(-1, len(W)) @ W).reshape(*X.shape[:2], -1)


def _across(X: Array, D: Array) -> Array:
    """Return Σ_b X_bᵀ D_b in one matrix product."""
    return X.reshape(-1, X.shape[2]).T @ D.reshape(-1, D.shape[2])


def _transposed(X: Array) -> Array:
    return X.swapaxes(1, 2)


def _softmax(S: Array) -> Array:
    """Return the softmax of each row of S, in the memory of S."""
    S -= S.max(2)[:, :, None]
    np.exp(S, out=S)
    S /= S.sum(2)[:, :, None]
    return S


class _InPlace:
    """The gradient without allocating: every intermediate has an array, which is allocated once."""

    def __init__(self, x: Parameters, data: Data) -> None:
        X, dtype = data[0], x[0].dtype
        self.scale = 1.0 / math.sqrt(X.shape[2])
        self.Q, self.K, self.V, self.Z, self.R, self.G = (np.empty(X.shape, dtype) for _ in range(6))
        self.A, self.D = (np.empty((len(X), X.shape[1], X.shape[1]), dtype) for _ in range(2))
        self.Wq = np.empty_like(x[0])
        self.row = np.empty((*X.shape[:2], 1), dtype)

    def __call__(self, x: Parameters, data: Data, out: Parameters) -> None:
        X, Y = data
        self._forward(x, X)
        self._residual(x[3], Y)
        np.matmul(_rows(self.Z).T, _rows(self.R), out=out[3])
        np.matmul(_rows(self.R), x[3].T, out=_rows(self.G))
        self._by_scores()
        np.matmul(self.D, self.K, out=self.R)
        np.matmul(_rows(X).T, _rows(self.R), out=out[0])
        np.multiply(out[0], self.scale, out=out[0])
        np.matmul(_transposed(self.D), self.Q, out=self.R)
        np.matmul(_rows(X).T, _rows(self.R), out=out[1])
        np.matmul(_transposed(self.A), self.G, out=self.R)
        np.matmul(_rows(X).T, _rows(self.R), out=out[2])

    def _forward(self, x: Parameters, X: Array) -> None:
        np.multiply(x[0], self.scale, out=self.Wq)
        for W, product in zip((self.Wq, x[1], x[2]), (self.Q, self.K, self.V), strict=True):
            np.matmul(_rows(X), W, out=_rows(product))
        np.matmul(self.Q, _transposed(self.K), out=self.A)
        np.max(self.A, axis=2, keepdims=True, out=self.row)
        np.subtract(self.A, self.row, out=self.A)
        np.exp(self.A, out=self.A)
        np.sum(self.A, axis=2, keepdims=True, out=self.row)
        np.divide(self.A, self.row, out=self.A)
        np.matmul(self.A, self.V, out=self.Z)

    def _residual(self, Wo: Array, Y: Array) -> None:
        np.matmul(_rows(self.Z), Wo, out=_rows(self.R))
        np.subtract(self.R, Y, out=self.R)
        np.divide(self.R, Y.shape[0] * Y.shape[1], out=self.R)

    def _by_scores(self) -> None:
        np.matmul(self.G, _transposed(self.V), out=self.D)
        np.einsum("bti,bti->bt", self.G, self.Z, out=self.row[:, :, 0])
        np.subtract(self.D, self.row, out=self.D)
        np.multiply(self.D, self.A, out=self.D)


def _rows(X: Array) -> Array:
    """Return the rows of all sequences, one below the other: a view."""
    return X.reshape(-1, X.shape[2])


def gradient_into(x: Parameters, data: Data) -> GradientInto:
    return _InPlace(x, data)


def flops(x: Parameters, data: Data) -> tuple[float, float]:
    batch_size, T, d = data[0].shape
    value = 8 * d * d + 4 * T * d + 5 * T + 3 * d
    gradient = 18 * d * d + 12 * T * d + 7 * T + 4 * d
    return batch_size * T * value, batch_size * T * gradient


def draw(rng: np.random.Generator, batch_size: int, length: int, width: int) -> tuple[Parameters, Data]:
    X = rng.standard_normal((batch_size, length, width))
    start, (Wq, Wk, Wv, Wo) = (tuple(rng.standard_normal((4, width, width)) / math.sqrt(width)) for _ in range(2))
    A = _softmax((X @ Wq / math.sqrt(width)) @ _transposed(X @ Wk))
    return start, (X, A @ (X @ Wv) @ Wo)


PROBLEM = Problem(
    "attention",
    loss,
    gradient,
    draw,
    rate=0.1,
    gradient_into=gradient_into,
    hvp=hvp,
    flops=flops,
    sizes={"length": 8, "width": 16},
    batch_sizes=(1, 30, 1_000),
    presets={"large": Preset({"length": 128, "width": 256}, batch_sizes=(1, 2, 8))},
)
