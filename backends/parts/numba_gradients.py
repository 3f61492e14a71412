"""Hand-derived gradients as a user of Numba writes them: loops over elements, and products of matrices by BLAS.

Each returns what the problem's own `gradient` does, and its docstring has the formula. Numba compiles neither `einsum`
nor `out=`, no maximum along an axis, and no product of more than two axes, so most of the problems' own do not compile.
Those of `least_squares`, `llsq` and `log_sum_exp` do. That of `gmm` does not, and is too long for loops.

Numba makes float64 of a Python number times a float32: constants get the dtype of the arrays. These functions are also
Python: without Numba they give the same answers, slowly.
"""

from __future__ import annotations

import numpy as np

from problems import Array, Data, Parameters
from problems.logistic import PENALTY


def quadratic(x: Array, data: Data) -> Array:
    two, out = x.dtype.type(2.0), np.empty_like(x)
    for i in range(len(x)):
        out[i] = two * x[i] - two
    return out


def rosenbrock(x: Array, data: Data) -> Array:
    two, wide = x.dtype.type(2.0), x.dtype.type(200.0)
    out = np.zeros_like(x)
    for row in range(x.shape[0]):
        for i in range(x.shape[1] - 1):
            steep = wide * (x[row, i + 1] - x[row, i] * x[row, i])
            out[row, i] += two * (x[row, i] - steep * x[row, i]) - two
            out[row, i + 1] = steep
    return out


def logistic(w: Array, data: Data) -> Array:
    X, y = data
    one, size, penalty = w.dtype.type(1.0), w.dtype.type(len(y)), w.dtype.type(PENALTY)
    pull = X @ w
    for row in range(len(y)):
        pull[row] = -y[row] / (size * (one + np.exp(y[row] * pull[row])))
    out = pull @ X
    for i in range(len(w)):
        out[i] += penalty * w[i]
    return out


def kmeans(C: Array, data: Data) -> Array:
    (P,) = data
    one, two = C.dtype.type(1.0), C.dtype.type(2.0)
    counts, out = np.zeros_like(C[:, 0]), np.zeros_like(C)
    for i in range(len(P)):
        nearest, least = 0, C.dtype.type(np.inf)
        for j in range(len(C)):
            distance = C.dtype.type(0.0)
            for k in range(C.shape[1]):
                distance += (C[j, k] - P[i, k]) * (C[j, k] - P[i, k])
            if distance < least:
                nearest, least = j, distance
        counts[nearest] += one
        for k in range(C.shape[1]):
            out[nearest, k] -= P[i, k]
    for j in range(len(C)):
        for k in range(C.shape[1]):
            out[j, k] = two * (out[j, k] + counts[j] * C[j, k])
    return out


def softmax_mlp(x: Parameters, data: Data) -> Parameters:
    W1, b1, W2, b2 = x
    X, Y = data
    one, size = W1.dtype.type(1.0), W1.dtype.type(len(Y))
    H = np.tanh(X @ W1 + b1)
    E = H @ W2 + b2
    for row in range(len(E)):
        most, total = E[row].max(), W1.dtype.type(0.0)
        for c in range(E.shape[1]):
            E[row, c] = np.exp(E[row, c] - most)
            total += E[row, c]
        for c in range(E.shape[1]):
            E[row, c] = (E[row, c] / total - Y[row, c]) / size
    D = (E @ W2.T) * (one - H * H)
    return X.T @ D, D.sum(0), H.T @ E, E.sum(0)


def rnn(x: Parameters, data: Data) -> Parameters:
    U, W, b, w = x
    X, y = data
    one, size = W.dtype.type(1.0), W.dtype.type(len(y))
    rows = X.reshape(-1, len(U))
    H = (rows @ U + b).reshape(len(X), len(y), len(b))
    H[0] = np.tanh(H[0])
    for t in range(1, len(X)):
        H[t] = np.tanh(H[t] + H[t - 1] @ W)
    e = (H[-1] @ w - y) / size
    D = np.empty_like(H)
    G = np.outer(e, w)
    for t in range(len(X) - 1, -1, -1):
        D[t] = G * (one - H[t] * H[t])
        G = D[t] @ W.T
    flat, before, after = (D.reshape(-1, len(b)), H[:-1].reshape(-1, len(b)), D[1:].reshape(-1, len(b)))
    return rows.T @ flat, before.T @ after, flat.sum(0), e @ H[-1]


def attention(x: Parameters, data: Data) -> Parameters:
    Wq, Wk, Wv, Wo = x
    X, Y = data
    scale, rows = Wq.dtype.type(1.0 / np.sqrt(len(Wq))), Wq.dtype.type(X.shape[0] * X.shape[1])
    narrow = scale * Wq
    by_Wq, by_Wk, by_Wv, by_Wo = np.zeros_like(Wq), np.zeros_like(Wk), np.zeros_like(Wv), np.zeros_like(Wo)
    for b in range(len(X)):
        Q, K, V = X[b] @ narrow, X[b] @ Wk, X[b] @ Wv
        A = Q @ K.T
        for row in range(len(A)):
            most, total = A[row].max(), Wq.dtype.type(0.0)
            for c in range(A.shape[1]):
                A[row, c] = np.exp(A[row, c] - most)
                total += A[row, c]
            for c in range(A.shape[1]):
                A[row, c] /= total
        Z = A @ V
        R = Z @ Wo
        for row in range(len(R)):
            for c in range(R.shape[1]):
                R[row, c] = (R[row, c] - Y[b, row, c]) / rows
        G = R @ Wo.T
        D = G @ V.T
        for row in range(len(D)):
            total = Wq.dtype.type(0.0)
            for c in range(G.shape[1]):
                total += G[row, c] * Z[row, c]
            for c in range(D.shape[1]):
                D[row, c] = A[row, c] * (D[row, c] - total)
        by_Wq += X[b].T @ (D @ K)
        by_Wk += X[b].T @ (D.T @ Q)
        by_Wv += X[b].T @ (A.T @ G)
        by_Wo += Z.T @ R
    return scale * by_Wq, by_Wk, by_Wv, by_Wo


GRADIENTS = {
    "attention": attention,
    "kmeans": kmeans,
    "logistic": logistic,
    "quadratic": quadratic,
    "rnn": rnn,
    "rosenbrock": rosenbrock,
    "softmax_mlp": softmax_mlp,
}
"""By the problem's name."""
