"""Losses in torch's own functions: fused, and with a derivative that somebody wrote by hand.

The check holds them to the same answers as the common losses. They are what the mode `torch-fused` runs.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from problems import Array, Data, Parameters
from problems.logistic import PENALTY


def log_sum_exp(x: Array, data: Data) -> Array:
    return torch.logsumexp(x, 0)


def logistic(w: Array, data: Data) -> Array:
    X, y = data
    return functional.soft_margin_loss(X @ w, y) + 0.5 * PENALTY * (w @ w)


def softmax_mlp(x: Parameters, data: Data) -> Array:
    W1, b1, W2, b2 = x
    X, Y = data
    return functional.cross_entropy(torch.addmm(b2, torch.tanh(torch.addmm(b1, X, W1)), W2), Y)


def rnn(x: Parameters, data: Data) -> Array:
    """The loss by torch's own recurrent layer, which takes its weights transposed, and two biases."""
    U, W, b, w = x
    X, y = data
    start = X.new_zeros(1, X.shape[1], len(b))
    weights = (U.T.contiguous(), W.T.contiguous(), b, torch.zeros_like(b))
    _, last = torch.rnn_tanh(X, start, weights, True, 1, 0.0, True, False, False)  # noqa: FBT003 (it takes no keywords)
    return 0.5 * functional.mse_loss(last[0] @ w, y)


LOSSES = {"log_sum_exp": log_sum_exp, "logistic": logistic, "rnn": rnn, "softmax_mlp": softmax_mlp}
