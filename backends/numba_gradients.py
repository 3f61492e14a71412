"""Hand-derived gradients as a user of Numba writes them: loops over elements, and products of matrices by BLAS.

Each returns what the problem's own `gradient` does, and its docstring has the formula. Numba compiles neither `einsum`
nor `out=`, and no product or maximum along an axis of more than two, so most of the problems' own do not compile. Those
of `least_squares`, `llsq` and `log_sum_exp` do.

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
        E[row] = np.exp(E[row] - E[row].max())
        E[row] = (E[row] / E[row].sum() - Y[row]) / size
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
    by_Wq, by_Wk, by_Wv, by_Wo = np.zeros_like(Wq), np.zeros_like(Wk), np.zeros_like(Wv), np.zeros_like(Wo)
    for b in range(len(X)):
        Q, K, V = X[b] @ (scale * Wq), X[b] @ Wk, X[b] @ Wv
        A = Q @ K.T
        for row in range(len(A)):
            A[row] = np.exp(A[row] - A[row].max())
            A[row] /= A[row].sum()
        Z = A @ V
        R = (Z @ Wo - Y[b]) / rows
        G = R @ Wo.T
        D = G @ V.T
        for row in range(len(D)):
            D[row] = A[row] * (D[row] - (G[row] * Z[row]).sum())
        by_Wq += scale * (X[b].T @ (D @ K))
        by_Wk += X[b].T @ (D.T @ Q)
        by_Wv += X[b].T @ (A.T @ G)
        by_Wo += Z.T @ R
    return by_Wq, by_Wk, by_Wv, by_Wo


def gmm(x: Parameters, data: Data) -> Parameters:
    """The moments of one component after the other. γ is 1, and m is 0, as in `problems.gmm`."""
    alphas, means, icf = x
    X = data[0]
    k, d = means.shape
    half, size = icf.dtype.type(0.5), icf.dtype.type(len(X))
    Q = np.zeros((k, d, d), dtype=icf.dtype)
    Y = np.empty((k, len(X), d), dtype=icf.dtype)
    R = np.empty((k, len(X)), dtype=icf.dtype)
    for c in range(k):
        place = d
        for j in range(d):
            Q[c, j, j] = np.exp(icf[c, j])
            for i in range(j + 1, d):
                Q[c, i, j] = icf[c, place]
                place += 1
        Y[c] = (X - means[c]) @ Q[c].T
        height = alphas[c] + icf[c, :d].sum()
        for b in range(len(X)):
            R[c, b] = height - half * (Y[c, b] * Y[c, b]).sum()
    for b in range(len(X)):
        R[:, b] = np.exp(R[:, b] - R[:, b].max())
        R[:, b] /= R[:, b].sum()
    by_alphas = np.exp(alphas - alphas.max())
    by_alphas *= size / by_alphas.sum()
    by_means, by_icf = np.empty_like(means), np.empty_like(icf)
    for c in range(k):
        for b in range(len(X)):
            Y[c, b] *= R[c, b]
        n = R[c].sum()
        by_alphas[c] -= n
        by_means[c] = -(Y[c].sum(0) @ Q[c])
        M = Y[c].T @ (X - means[c])
        place = d
        for j in range(d):
            by_icf[c, j] = Q[c, j, j] * (M[j, j] + Q[c, j, j]) - n
            for i in range(j + 1, d):
                by_icf[c, place] = M[i, j] + icf[c, place]
                place += 1
    return by_alphas, by_means, by_icf


GRADIENTS = {
    "attention": attention,
    "gmm": gmm,
    "kmeans": kmeans,
    "logistic": logistic,
    "quadratic": quadratic,
    "rnn": rnn,
    "rosenbrock": rosenbrock,
    "softmax_mlp": softmax_mlp,
}
"""By the problem's name."""
