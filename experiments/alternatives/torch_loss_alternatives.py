"""PyTorch: other ways to write the losses of `torch-fused`, among them those that it had before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch.nn import functional

from backends import Builder, Case, Loss, Run
from backends.parts.torch.builders import descent_grad
from backends.parts.torch.losses import class_indices, softmax_mlp
from problems import Array, Data, Parameters, Problem
from problems.logistic import PENALTY


def by(loss: Loss) -> Builder:
    """Return the builder of the descent of `torch-fused` with this loss, which takes the problem's own data."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return descent_grad(replace(problem, loss=lambda _, x, data: loss(x, data)), case, x, data)

    return build


def soft_margin(w: Array, data: Data) -> Array:
    """The loss as it was. A margin of −100 overflows: the loss is infinite, and its gradient is NaN."""
    X, y = data
    return functional.soft_margin_loss(X @ w, y) + 0.5 * PENALTY * (w @ w)


def softplus(w: Array, data: Data) -> Array:
    X, y = data
    return functional.softplus(-y * (X @ w)).mean() + 0.5 * PENALTY * (w @ w)


def logsigmoid(w: Array, data: Data) -> Array:
    X, y = data
    return -functional.logsigmoid(y * (X @ w)).mean() + 0.5 * PENALTY * (w @ w)


def one_hot(x: Parameters, data: Data) -> Array:
    """The loss as it was: `cross_entropy` takes one-hot targets for probabilities."""
    return softmax_mlp(x, data)


def indices_each_step(x: Parameters, data: Data) -> Array:
    return softmax_mlp(x, class_indices(data))


def rnn_layer(x: Parameters, data: Data) -> Array:
    """The loss as it was: torch's recurrent layer, which takes transposed weights and two biases."""
    U, W, b, w = x
    return _by_layer((U.T.contiguous(), W.T.contiguous(), b, torch.zeros_like(b)), w, data)


def rnn_layer_views(x: Parameters, data: Data) -> Array:
    U, W, b, w = x
    return _by_layer((U.T, W.T, b, torch.zeros_like(b)), w, data)


def _by_layer(weights: tuple[Array, ...], w: Array, data: Data) -> Array:
    X, y = data
    start = X.new_zeros(1, X.shape[1], len(w))
    _, last = torch.rnn_tanh(X, start, weights, True, 1, 0.0, True, False, False)  # noqa: FBT003 (it takes no keywords)
    return 0.5 * functional.mse_loss(last[0] @ w, y)


LOSSES: Mapping[str, Mapping[str, Builder]] = {
    "logistic": {
        "`soft_margin_loss`": by(soft_margin),
        "`softplus`": by(softplus),
        "`logsigmoid`": by(logsigmoid),
    },
    "rnn": {
        "`torch.rnn_tanh`": by(rnn_layer),
        "`torch.rnn_tanh` of transposed views": by(rnn_layer_views),
    },
    "softmax_mlp": {
        "one-hot targets": by(one_hot),
        "class indices found at each step": by(indices_each_step),
    },
}
"""The other ways to write the loss of a problem in a descent."""
