"""Losses that HIPS autograd differentiates in the dtype of their arrays.

The library divides the derivative of `amax` and `amin` by an integer count, and takes the second derivative of `abs`
from zeros in float64. What follows is computed in float64, in a float32 case too. These losses do as the library's
experts do: `getval` takes out of the trace what has no derivative, such as the shift of an exponential or the choice
of a minimum. The check holds them to the same answers as the common losses. The mode `autograd-losses` runs them.
"""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from problems import Array, Data, Parameters
from problems.gmm_prior import log_prior
from problems.logistic import PENALTY


def attention(x: Parameters, data: Data) -> Array:
    Wq, Wk, Wv, Wo = x
    X, Y = data
    S = (X @ (Wq / math.sqrt(X.shape[2]))) @ anp.swapaxes(X @ Wk, 1, 2)
    A = anp.exp(S - np.amax(getval(S), 2)[:, :, None])
    A = A / anp.sum(A, 2)[:, :, None]
    R = A @ (X @ Wv) @ Wo - Y
    return anp.sum(0.5 * R * R) / (X.shape[0] * X.shape[1])


def gmm(x: Parameters, data: Data) -> Array:
    alphas, means, icf = x
    X, places = data
    size, d = X.shape
    q = icf[:, :d]
    Q = anp.concatenate([anp.exp(q), icf[:, d:], 0.0 * icf[:, :1]], 1)[:, places]
    Y = (Q.reshape(-1, d) @ X.T).reshape(-1, d, size) - anp.sum(Q * means[:, None, :], 2)[:, :, None]
    exponents = (alphas + anp.sum(q, 1))[:, None] - 0.5 * anp.sum(Y * Y, 1)
    likelihoods = _log_sum_exp(exponents) - _log_sum_exp(alphas) - 0.5 * d * math.log(2.0 * math.pi)
    return -anp.sum(likelihoods) - log_prior(anp, x, data)


def kmeans(C: Array, data: Data) -> Array:
    """The loss for fixed nearest centres: Σⱼ nⱼ cⱼ² − 2 cⱼ·sⱼ + Σ p², where the nⱼ points of cⱼ have the sum sⱼ."""
    (P,) = data
    centres = getval(C)
    distances = np.sum(centres * centres, 1)[:, None] - 2.0 * (centres @ P.T)
    nearest = np.equal(distances, distances.min(0), out=distances, casting="unsafe")
    return anp.sum(C * (nearest.sum(1)[:, None] * C - 2.0 * (nearest @ P))) + np.sum(P * P)


def log_sum_exp(x: Array, data: Data) -> Array:
    return _log_sum_exp(x)


def logistic(w: Array, data: Data) -> Array:
    """The loss with the softplus as log(exp 0 + exp z)."""
    X, y = data
    z = -y * (X @ w)
    a = np.maximum(getval(z), 0.0)
    return anp.sum(a + anp.log(np.exp(-a) + anp.exp(z - a))) / y.shape[0] + 0.5 * PENALTY * (w @ w)


def softmax_mlp(x: Parameters, data: Data) -> Array:
    W1, b1, W2, b2 = x
    X, Y = data
    Z = anp.tanh(X @ W1 + b1) @ W2 + b2
    Z = Z - np.amax(getval(Z), 1)[:, None]
    return anp.sum(anp.log(anp.sum(anp.exp(Z), 1)) - anp.sum(Z * Y, 1)) / Y.shape[0]


def _log_sum_exp(s: Any) -> Any:
    """Return the logarithm of the sum of the exponentials along the first axis."""
    a = np.amax(getval(s), 0)
    return a + anp.log(anp.sum(anp.exp(s - a), 0))


LOSSES = {
    "attention": attention,
    "gmm": gmm,
    "kmeans": kmeans,
    "log_sum_exp": log_sum_exp,
    "logistic": logistic,
    "softmax_mlp": softmax_mlp,
}
