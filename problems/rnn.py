"""A recurrent network that reads a sequence and returns one number: many small operations, one after the other.

Formula     loss = 1/(2B) ‖H_T w − y‖², H_t = tanh(X_t U + H_{t−1} W + b), H₀ = 0
Shapes      U: (i, h), W: (h, h), b: (h,), w: (h,), with i = `inputs`, h = `hidden`; data X: (T, B, i), T = `length`,
            the batch axis second, so that one step of all sequences is contiguous, standard normal; y: (B,), the mean
            of a random linear map over the sequence, of variance 1; start U, W, w normal with variance 1 over the
            length of their first axis, b zero
Gradient    e = (H_T w − y)/B: ∇w = H_Tᵀe. Back through time, D_T = e wᵀ (1 − H_T²), D_t = (D_{t+1} Wᵀ)(1 − H_t²):
            ∇U = Σ_t X_tᵀD_t, ∇W = Σ_{t>1} H_{t−1}ᵀD_t, ∇b = Σ_t Σ_b D_t, each in one product over all t
Hessian     the gradient's formulas, differentiated along the direction (a dot marks that derivative):
            Ḣ_t = (1 − H_t²)(X_t U̇ + Ḣ_{t−1} W + H_{t−1} Ẇ + ḃ), ė = (Ḣ_T w + H_T ẇ)/B, and with D_t = G_t (1 − H_t²),
            back in time: Ḋ_t = Ġ_t (1 − H_t²) − 2 G_t H_t Ḣ_t, Ġ_T = ė wᵀ + e ẇᵀ, Ġ_t = Ḋ_{t+1} Wᵀ + D_{t+1} Ẇᵀ
Operations  per row: for the value 2ih + 2h per step, 2h² + h more for each step but the first, and 2h + 3 at the end;
            for the gradient 4ih + 6h, 6h² + h and 5h + 2
Stresses    a chain that batching cannot shorten: dispatch, and the memory reverse mode keeps for each step
Source      P. Werbos, "Backpropagation through time", 1990; B. Pearlmutter, "Fast exact multiplication by the Hessian",
            1994
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data, Parameters
from problems.problem import GradientInto, Problem


def loss(xp: Any, x: Parameters, data: Data) -> Array:
    U, W, b, w = x
    X, y = data
    drive = X @ U + b
    H = xp.tanh(drive[0])
    for t in range(1, X.shape[0]):
        H = xp.tanh(drive[t] + H @ W)
    r = H @ w - y
    return xp.sum(0.5 * r * r) / y.shape[0]


def gradient(x: Parameters, data: Data) -> Parameters:
    _, W, _, w = x
    X, y = data
    H = _forward(x, X)
    e = (H[-1] @ w - y) / len(y)
    D = _backward(H, W, np.outer(e, w))
    return _across(X, D), _across(H[:-1], D[1:]), D.sum((0, 1)), e @ H[-1]


def value_and_gradient(x: Parameters, data: Data) -> tuple[Array, Parameters]:
    _, W, _, w = x
    X, y = data
    H = _forward(x, X)
    r = H[-1] @ w - y
    e = r / len(y)
    D = _backward(H, W, np.outer(e, w))
    return 0.5 * (r @ e), (_across(X, D), _across(H[:-1], D[1:]), D.sum((0, 1)), e @ H[-1])


def hvp(x: Parameters, v: Parameters, data: Data) -> Parameters:
    _, W, _, w = x
    _, V, _, dw = v
    X, y = data
    H = _forward(x, X)
    factors = 1.0 - H * H
    dH = _forward_along(x, v, X, H, factors)
    e, de = (H[-1] @ w - y) / len(y), (dH[-1] @ w + H[-1] @ dw) / len(y)
    G, dG = np.outer(e, w), np.outer(de, w) + np.outer(e, dw)
    D, dD = np.empty_like(H), np.empty_like(H)
    for t in reversed(range(len(X))):
        D[t] = G * factors[t]
        dD[t] = dG * factors[t] - 2.0 * G * H[t] * dH[t]
        G, dG = D[t] @ W.T, dD[t] @ W.T + D[t] @ V.T
    recurrent = _across(dH[:-1], D[1:]) + _across(H[:-1], dD[1:])
    return _across(X, dD), recurrent, dD.sum((0, 1)), e @ dH[-1] + de @ H[-1]


def _forward(x: Parameters, X: Array) -> Array:
    """Return H, (T, B, h): the state at every step."""
    U, W, b, _ = x
    H = _product(X, U)
    H += b
    np.tanh(H[0], out=H[0])
    for t in range(1, len(X)):
        H[t] += H[t - 1] @ W
        np.tanh(H[t], out=H[t])
    return H


def _forward_along(x: Parameters, v: Parameters, X: Array, H: Array, factors: Array) -> Array:
    """Return Ḣ, (T, B, h): the derivative of the state at every step along v; `factors` are the tanh's, 1 − H²."""
    _, W, _, _ = x
    dU, dW, db, _ = v
    dH = _product(X, dU)
    dH += db
    dH[1:] += _product(H[:-1], dW)
    dH[0] *= factors[0]
    for t in range(1, len(X)):
        dH[t] += dH[t - 1] @ W
        dH[t] *= factors[t]
    return dH


def _backward(H: Array, W: Array, G: Array) -> Array:
    """Return D, (T, B, h): the derivative by the argument of every step's tanh."""
    D = 1.0 - H * H
    for t in reversed(range(1, len(H))):
        D[t] *= G
        G = D[t] @ W.T
    D[0] *= G
    return D


def _product(X: Array, U: Array) -> Array:
    """Return X U for all steps in one matrix product: NumPy would compute one product per step."""
    return (X.reshape(-1, len(U)) @ U).reshape(*X.shape[:2], -1)


def _across(X: Array, D: Array) -> Array:
    """Return Σ_t X_tᵀ D_t in one matrix product."""
    return X.reshape(-1, X.shape[2]).T @ D.reshape(-1, D.shape[2])


def gradient_into(x: Parameters, data: Data) -> GradientInto:
    _, _, b, _ = x
    length = len(data[0])
    H, D = (np.empty((*data[0].shape[:2], len(b)), dtype=b.dtype) for _ in range(2))
    G, e = np.empty_like(H[0]), np.empty_like(data[1])

    def forward(flat: Array, U: Array, W: Array, b: Array) -> None:
        np.matmul(flat, U, out=H.reshape(len(flat), -1))
        np.add(H, b, out=H)
        np.tanh(H[0], out=H[0])
        for t in range(1, length):
            np.matmul(H[t - 1], W, out=G)
            np.add(H[t], G, out=H[t])
            np.tanh(H[t], out=H[t])

    def backward(W: Array) -> None:
        np.multiply(H, H, out=D)
        np.subtract(1.0, D, out=D)
        for t in reversed(range(1, length)):
            np.multiply(D[t], G, out=D[t])
            np.matmul(D[t], W.T, out=G)
        np.multiply(D[0], G, out=D[0])

    def into(x: Parameters, data: Data, out: Parameters) -> None:
        (U, W, b, w), (X, y) = x, data
        flat = X.reshape(-1, len(U))
        forward(flat, U, W, b)
        np.matmul(H[-1], w, out=e)
        np.subtract(e, y, out=e)
        np.divide(e, len(y), out=e)
        np.multiply(e[:, None], w, out=G)
        backward(W)
        np.matmul(flat.T, D.reshape(len(flat), -1), out=out[0])
        np.matmul(H[:-1].reshape(-1, len(b)).T, D[1:].reshape(-1, len(b)), out=out[1])
        np.sum(D, axis=(0, 1), out=out[2])
        np.matmul(e, H[-1], out=out[3])

    return into


def flops(x: Parameters, data: Data) -> tuple[float, float]:
    U, W, b, _ = x
    X, y = data
    T, h = len(X), len(b)
    value = T * (2 * U.size + 2 * h) + (T - 1) * (2 * W.size + h) + 2 * h + 3
    gradient = T * (4 * U.size + 6 * h) + (T - 1) * (6 * W.size + h) + 5 * h + 2
    return len(y) * value, len(y) * gradient


def draw(rng: np.random.Generator, batch_size: int, length: int, inputs: int, hidden: int) -> tuple[Parameters, Data]:
    X = rng.standard_normal((length, batch_size, inputs))
    y = X.sum(0) @ rng.standard_normal(inputs) / np.sqrt(length * inputs)
    U = rng.standard_normal((inputs, hidden)) / np.sqrt(inputs)
    W = rng.standard_normal((hidden, hidden)) / np.sqrt(hidden)
    return (U, W, np.zeros(hidden), rng.standard_normal(hidden) / np.sqrt(hidden)), (X, y)


PROBLEM = Problem(
    "rnn",
    loss,
    gradient,
    draw,
    rate=0.05,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    sizes={"length": 8, "inputs": 4, "hidden": 16},
    batch_sizes=(1, 30, 1_000),
)
