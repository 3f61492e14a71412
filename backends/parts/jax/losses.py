"""Losses in JAX's own functions and in optax's, as an expert writes them. They are what the mode `jax-losses` runs.

The check holds them to the same answers as the common losses. `optax.l2_loss` is not among them: it is the square that
the common losses write out. optax is an extra, which only the losses in `OF_OPTAX` need.
"""

from __future__ import annotations

import importlib.util
import math

import jax
import jax.numpy as jnp

from problems import Array, Data, Parameters
from problems.logistic import PENALTY


def log_sum_exp(x: Array, data: Data) -> Array:
    return jax.nn.logsumexp(x)


def logistic(w: Array, data: Data) -> Array:
    """The labels are ±1, so the softplus needs no labels of 0 and 1, as `optax.sigmoid_binary_cross_entropy` does."""
    X, y = data
    return jnp.mean(jax.nn.softplus(-y * (X @ w))) + 0.5 * PENALTY * jnp.vdot(w, w)


def softmax_mlp(x: Parameters, data: Data) -> Array:
    import optax  # noqa: PLC0415 (an extra)

    W1, b1, W2, b2 = x
    X, Y = data
    return jnp.mean(optax.softmax_cross_entropy(jnp.tanh(X @ W1 + b1) @ W2 + b2, Y))


def attention(x: Parameters, data: Data) -> Array:
    """The attention of `jax.nn` has an axis of heads, which is 1 long here. It computes its softmax in float32."""
    Wq, Wk, Wv, Wo = x
    X, Y = data
    Q, K, V = (X @ W for W in (Wq, Wk, Wv))
    if X.dtype == jnp.float64:
        weights = jax.nn.softmax(Q @ jnp.swapaxes(K, 1, 2) / math.sqrt(K.shape[-1]))
        A = weights @ V
    else:
        A = jax.nn.dot_product_attention(*(array[:, :, None] for array in (Q, K, V)))[:, :, 0]
    R = A @ Wo - Y
    return 0.5 * jnp.sum(R * R) / (X.shape[0] * X.shape[1])


LOSSES = {"attention": attention, "log_sum_exp": log_sum_exp, "logistic": logistic, "softmax_mlp": softmax_mlp}

OF_OPTAX = (softmax_mlp,)
"""The losses that need optax."""


def missing_optax(what: str) -> str | None:
    """Return why `what` cannot run if optax is not installed; `None` if it is."""
    if importlib.util.find_spec("optax") is not None:
        return None
    return f"{what} is optax's, which is not installed; pip install -c constraints.txt '.[optax]'"
