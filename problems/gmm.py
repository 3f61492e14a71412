"""ADBench's `gmm`: a mixture of Gaussians, with a Wishart prior on their precisions.

Formula     loss(α, μ, icf) = −log likelihood − log prior
Likelihood  log likelihood = Σᵢ log Σ_k exp(α_k + Σⱼ q_kj − ½ ‖Q_k (xᵢ − μ_k)‖²) − B log Σ_k exp α_k − ½ B d log 2π,
            with Q_k lower triangular, exp(q_k) on its diagonal and l_k below
Prior       log prior = Σ_k (−½ γ² ‖Q_k‖² + m Σⱼ q_kj + n d log(γ/√2) − log Γ_d(n/2)), n = d + m + 1
Shapes      α: (k,), μ: (k, d), icf: (k, d(d+1)/2), each row q_k, then l_k column by column, with k = `components`,
            d = `dimension`; data X: (B, d), the batch axis first, standard normal; and `places`: (d, d), where in a row
            of icf each entry of Q is (above the diagonal: a zero appended to the row); start α normal and μ uniform in
            [0, 1)ᵈ, as ADBench draws them, icf normal with standard deviation 0.3 (ADBench: 1)
Gradient    yᵢ = Q_k (xᵢ − μ_k); r_ik = softmax over k of the exponents; n_k = Σᵢ r_ik, S_k = Σᵢ r_ik yᵢ,
            M_k = Σᵢ r_ik yᵢ (xᵢ − μ_k)ᵀ. For −log likelihood, α_k: B softmax(α)_k − n_k; μ_k: −Q_kᵀS_k;
            q_k: exp(q) diag M_k − n_k; l_k: M_k below the diagonal. For −log prior, q_k: γ² exp(2q) − m;
            l_k: γ² l
Hessian     the gradient's formulas, differentiated along the direction (a dot marks that derivative):
            ẏᵢ = Q̇_k (xᵢ − μ_k) − Q_k μ̇_k; ṙ_ik = r_ik (ṡ_ik − Σ_k r_ik ṡ_ik), ṡ_ik = α̇_k + Σⱼ q̇_kj − yᵢ·ẏᵢ
Operations  per point and component. Value: d(d+1) for the product with the triangular Q, and 3d + 6 more.
            Gradient: 2d(d+1), which includes the moments, triangular too, and 5d + 8 more
Stresses    a long, real-world loss: products, a gather, reductions, exponentials, and three parameter arrays
Source      F. Srajer, Z. Kukelova and A. Fitzgibbon, "A benchmark of selected algorithmic differentiation tools", 2018
            (ADBench, whose code adds −log prior to log likelihood); GradBench, evals/gmm (pull request 568), whose
            log posterior is −loss here

The loss is a sum over the points and the prior, and so is its curvature, which also grows with ‖xᵢ‖²: the rate is
proportional to 1/(d (B + 1)).
NumPy is slow to reduce a short last axis, so the points lie along the last axis.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from problems.gmm_prior import FREEDOM, GAMMA, log_prior, log_prior_by_hand
from problems.parameters import Array, Data, Parameters
from problems.problem import GradientInto, Preset, Problem

RATE = 0.2
SPREAD = 0.3


def loss(xp: Any, x: Parameters, data: Data) -> Array:
    return -log_likelihood(xp, x, data) - log_prior(xp, x, data)


def log_likelihood(xp: Any, x: Parameters, data: Data) -> Array:
    alphas, means, icf = x
    X, places = data
    size, d = X.shape
    q = icf[:, :d]
    Q = xp.concatenate([xp.exp(q), icf[:, d:], 0.0 * icf[:, :1]], 1)[:, places]
    shift = xp.sum(Q * means[:, None, :], 2)
    Y = (Q.reshape(-1, d) @ X.T).reshape(-1, d, size) - shift[:, :, None]
    exponents = (alphas + xp.sum(q, 1))[:, None] - 0.5 * xp.sum(Y * Y, 1)
    return xp.sum(_log_sum_exp(xp, exponents) - _log_sum_exp(xp, alphas) - 0.5 * d * math.log(2.0 * math.pi))


def _log_sum_exp(xp: Any, s: Array) -> Array:
    a = xp.amax(s, 0)
    return a + xp.log(xp.sum(xp.exp(s - a), 0))


def gradient(x: Parameters, data: Data) -> Parameters:
    scale, Q, Y, exponents = _forward(x, data)
    return _backward(x, data[0], scale, Q, Y, _softmax(exponents), _softmax(x[0]))


def value_and_gradient(x: Parameters, data: Data) -> tuple[Array, Parameters]:
    size, d = data[0].shape
    scale, Q, Y, exponents = _forward(x, data)
    (R, sums), (shares, total) = _softmax_and_log(exponents), _softmax_and_log(x[0])
    likelihood = sums.sum() - size * (total + 0.5 * d * math.log(2.0 * math.pi))
    return -likelihood - log_prior_by_hand(x[2], scale), _backward(x, data[0], scale, Q, Y, R, shares)


def _forward(x: Parameters, data: Data) -> tuple[Array, Array, Array, Array]:
    """Return exp(q), Q, the whitened points, and the exponents, (k, B)."""
    alphas, means, icf = x
    X, places = data
    q = icf[:, : X.shape[1]]
    scale = np.exp(q)
    Q = _factors(scale, icf[:, X.shape[1] :], places)
    Y = _whitened(Q, X, means)
    return scale, Q, Y, (alphas + q.sum(1))[:, None] - 0.5 * np.einsum("kdb,kdb->kb", Y, Y)


def _backward(  # noqa: PLR0913, PLR0917 (what the forward pass has computed)
    x: Parameters, X: Array, scale: Array, Q: Array, Y: Array, R: Array, shares: Array
) -> Parameters:
    """Return the gradient. R is the softmax of the exponents, `shares` that of α; Y is overwritten."""
    _, means, icf = x
    size, d = X.shape
    n = R.sum(1)
    Y *= R[:, None, :]
    S = Y.sum(2)
    by_icf = _entries(_moments(Y, X) - S[:, :, None] * means[:, None, :])
    by_icf[:, :d] = scale * (by_icf[:, :d] + GAMMA**2 * scale) - (n[:, None] + FREEDOM)
    by_icf[:, d:] += GAMMA**2 * icf[:, d:]
    return size * shares - n, -_transposed(Q, S), by_icf


def hvp(x: Parameters, v: Parameters, data: Data) -> Parameters:
    alphas, means, icf = x
    d_alphas, d_means, d_icf = v
    X, places = data
    size, d = X.shape
    q, d_q = icf[:, :d], d_icf[:, :d]
    scale = np.exp(q)
    d_scale = scale * d_q
    Q, dQ = _factors(scale, icf[:, d:], places), _factors(d_scale, d_icf[:, d:], places)
    Y = _whitened(Q, X, means)
    dY = _whitened(dQ, X, means) - (Q @ d_means[:, :, None])
    R = _softmax((alphas + q.sum(1))[:, None] - 0.5 * np.einsum("kdb,kdb->kb", Y, Y))
    dR = _softmax_along(R, (d_alphas + d_q.sum(1))[:, None] - np.einsum("kdb,kdb->kb", Y, dY))
    dW = dR[:, None, :] * Y + R[:, None, :] * dY
    W = R[:, None, :] * Y
    S, dS = W.sum(2), dW.sum(2)
    M = _entries(_moments(W, X) - S[:, :, None] * means[:, None, :])
    dM = _moments(dW, X) - dS[:, :, None] * means[:, None, :] - S[:, :, None] * d_means[:, None, :]
    by_icf = _entries(dM)
    by_icf[:, :d] = d_scale * (M[:, :d] + 2.0 * GAMMA**2 * scale) + scale * by_icf[:, :d] - dR.sum(1)[:, None]
    by_icf[:, d:] += GAMMA**2 * d_icf[:, d:]
    by_alphas = size * _softmax_along(_softmax(alphas), d_alphas) - dR.sum(1)
    return by_alphas, -_transposed(dQ, S) - _transposed(Q, dS), by_icf


def _factors(diagonal: Array, below: Array, places: Array) -> Array:
    """Return Q, (k, d, d), from the entries on its diagonals and below them."""
    return np.concatenate((diagonal, below, np.zeros_like(diagonal[:, :1])), axis=1)[:, places]


def _whitened(Q: Array, X: Array, means: Array) -> Array:
    """Return Q_k (xᵢ − μ_k), (k, d, B), in one matrix product for all components."""
    Y = (Q.reshape(-1, X.shape[1]) @ X.T).reshape(*Q.shape[:2], -1)
    Y -= Q @ means[:, :, None]
    return Y


def _moments(W: Array, X: Array) -> Array:
    """Return Σᵢ W_ki xᵢᵀ, (k, d, d), in one matrix product for all components."""
    return (W.reshape(-1, len(X)) @ X).reshape(len(W), -1, X.shape[1])


def _entries(M: Array) -> Array:
    """Return the entries of M on the diagonal and below it, in the order of icf."""
    return M.reshape(len(M), -1)[:, layout(M.shape[1])[1]]


def _transposed(Q: Array, S: Array) -> Array:
    return (S[:, None, :] @ Q)[:, 0]


def _softmax(s: Array) -> Array:
    p = np.exp(s - s.max(0))
    p /= p.sum(0)
    return p


def _softmax_and_log(s: Array) -> tuple[Array, Array]:
    """Return the softmax of s, and the logarithm of the sum of its exponentials, along the first axis."""
    a = s.max(0)
    p = np.exp(s - a)
    total = p.sum(0)
    p /= total
    return p, a + np.log(total)


def _softmax_along(p: Array, ds: Array) -> Array:
    """Return the derivative of the softmax p when its exponents move by ds."""
    return p * (ds - (p * ds).sum(0))


@cache
def layout(d: int) -> tuple[Array, Array]:
    """Return where in a row of icf each entry of Q is, (d, d), and where in the flat Q each entry of the row is."""
    columns, rows = np.triu_indices(d, 1)  # transposed: below the diagonal, column by column
    flat = np.concatenate((np.arange(d) * (d + 1), rows * d + columns))
    places = np.full(d * d, len(flat))
    places[flat] = np.arange(len(flat))
    return places.reshape(d, d), flat


class _InPlace:
    """The gradient without allocating: every intermediate has an array, which is allocated once."""

    def __init__(self, x: Parameters, data: Data) -> None:
        alphas, means, icf = x
        (size, d), k, dtype = data[0].shape, len(alphas), icf.dtype
        self.flat = layout(d)[1]
        self.row = np.zeros((k, icf.shape[1] + 1), dtype)  # icf, exp(q) for q, and a zero appended
        self.Q, self.M, self.spare = (np.empty((k, d, d), dtype) for _ in range(3))
        self.Y, self.R, self.total = np.empty((k, d, size), dtype), np.empty((k, size), dtype), np.empty(size, dtype)
        self.n, self.S, self.shift = np.empty(k, dtype), np.empty_like(means), np.empty((k, d, 1), dtype)
        self.squares, self.below, self.one = np.empty_like(means), np.empty_like(icf[:, d:]), np.empty((), dtype)

    def __call__(self, x: Parameters, data: Data, out: Parameters) -> None:
        self.X, self.places = data
        self._whiten(x)
        self._share(x)
        self._by_alphas(x, out[0])
        np.multiply(self.Y, self.R[:, None, :], out=self.Y)
        np.sum(self.Y, axis=2, out=self.S)
        np.matmul(self.S[:, None, :], self.Q, out=out[1][:, None, :])
        np.negative(out[1], out=out[1])
        self._by_icf(x, out[2])

    def _whiten(self, x: Parameters) -> None:
        _, means, icf = x
        d = means.shape[1]
        np.exp(icf[:, :d], out=self.row[:, :d])
        np.copyto(self.row[:, d:-1], icf[:, d:])
        np.take(self.row, self.places, axis=1, out=self.Q, mode="clip")
        np.matmul(self.Q.reshape(-1, d), self.X.T, out=self.Y.reshape(-1, len(self.X)))
        np.matmul(self.Q, means[:, :, None], out=self.shift)
        np.subtract(self.Y, self.shift, out=self.Y)

    def _share(self, x: Parameters) -> None:
        alphas, means, icf = x
        np.einsum("kdb,kdb->kb", self.Y, self.Y, out=self.R)
        np.multiply(self.R, -0.5, out=self.R)
        np.sum(icf[:, : means.shape[1]], axis=1, out=self.n)
        np.add(self.n, alphas, out=self.n)
        np.add(self.R, self.n[:, None], out=self.R)
        _softmax_into(self.R, self.total)
        np.sum(self.R, axis=1, out=self.n)

    def _by_alphas(self, x: Parameters, out: Array) -> None:
        np.copyto(out, x[0])
        _softmax_into(out, self.one)
        np.multiply(out, len(self.X), out=out)
        np.subtract(out, self.n, out=out)

    def _by_icf(self, x: Parameters, out: Array) -> None:
        _, means, icf = x
        d = means.shape[1]
        scale, by_q, by_l = self.row[:, :d], out[:, :d], out[:, d:]
        np.matmul(self.Y.reshape(-1, len(self.X)), self.X, out=self.M.reshape(-1, d))
        np.multiply(self.S[:, :, None], means[:, None, :], out=self.spare)
        np.subtract(self.M, self.spare, out=self.M)
        np.take(self.M.reshape(len(icf), -1), self.flat, axis=1, out=out, mode="clip")
        np.multiply(scale, GAMMA**2, out=self.squares)
        np.add(by_q, self.squares, out=by_q)
        np.multiply(by_q, scale, out=by_q)
        np.subtract(by_q, self.n[:, None], out=by_q)
        np.subtract(by_q, FREEDOM, out=by_q)
        np.multiply(icf[:, d:], GAMMA**2, out=self.below)
        np.add(by_l, self.below, out=by_l)


def _softmax_into(s: Array, across: Array) -> None:
    np.max(s, axis=0, out=across)
    np.subtract(s, across, out=s)
    np.exp(s, out=s)
    np.sum(s, axis=0, out=across)
    np.divide(s, across, out=s)


def gradient_into(x: Parameters, data: Data) -> GradientInto:
    return _InPlace(x, data)


def rate(x: Parameters, data: Data) -> float:
    size, d = data[0].shape
    return RATE / (d * (size + 1))


def flops(x: Parameters, data: Data) -> tuple[float, float]:
    _, means, _ = x
    d, pairs = means.shape[1], means.shape[0] * len(data[0])
    return pairs * (d * (d + 1) + 3 * d + 6), pairs * (2 * d * (d + 1) + 5 * d + 8)


def draw(rng: np.random.Generator, batch_size: int, components: int, dimension: int) -> tuple[Parameters, Data]:
    places, flat = layout(dimension)
    alphas, means = rng.standard_normal(components), rng.random((components, dimension))
    icf = SPREAD * rng.standard_normal((components, len(flat)))
    return (alphas, means, icf), (rng.standard_normal((batch_size, dimension)), places)


PROBLEM = Problem(
    "gmm",
    loss,
    gradient,
    draw,
    rate,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    sizes={"components": 5, "dimension": 4},
    batch_sizes=(1, 100, 10_000),
    presets={"large": Preset({"components": 100, "dimension": 64}, batch_sizes=(1, 10, 100))},
)
