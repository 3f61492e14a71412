"""Losses in torch's own functions, as an expert writes them. They are what the mode `torch-fused` runs.

The check holds them to the same answers as the common losses. Two of them take other targets than the problem's data
have: `own_targets` prepares those at the start of each call, so once a descent and not once a step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from backends import Builder, Case, Loss, Run
from problems import Array, Data, Parameters, Problem
from problems.logistic import PENALTY


def log_sum_exp(x: Array, data: Data) -> Array:
    return torch.logsumexp(x, 0)


def least_squares(w: Array, data: Data) -> Array:
    X, y = data
    return 0.5 * functional.mse_loss(X @ w, y)


def logistic(w: Array, data: Data) -> Array:
    """The loss with targets of 0 and 1, of which torch fuses a softplus that cannot overflow."""
    X, targets = data
    return functional.binary_cross_entropy_with_logits(X @ w, targets) + 0.5 * PENALTY * (w @ w)


def softmax_mlp(x: Parameters, data: Data) -> Array:
    """The loss with class indices: `cross_entropy` reads one number a row, where one-hot targets take a product."""
    W1, b1, W2, b2 = x
    X, classes = data
    return functional.cross_entropy(torch.addmm(b2, torch.tanh(torch.addmm(b1, X, W1)), W2), classes)


def rnn(x: Parameters, data: Data) -> Array:
    """The recurrence, with a product and a sum in one call.

    Going backward, `unbind` writes one array for all steps; an index at each step would write such an array at each.
    On the CPU torch's recurrent layer takes longer (`experiments.alternatives`): it wants transposed weights and a
    second bias. On a GPU that layer is cuDNN's, which has neither a second derivative nor a forward mode.
    """
    U, W, b, w = x
    X, y = data
    first, *later = (X @ U + b).unbind()
    H = torch.tanh(first)
    for drive in later:
        H = torch.tanh(torch.addmm(drive, H, W))
    return 0.5 * functional.mse_loss(H @ w, y)


LOSSES: dict[str, Loss] = {
    "least_squares": least_squares,
    "log_sum_exp": log_sum_exp,
    "logistic": logistic,
    "rnn": rnn,
    "softmax_mlp": softmax_mlp,
}


def zeros_and_ones(data: Data) -> Data:
    """Return the data of `logistic` with 0 and 1 for the labels −1 and 1."""
    X, y = data
    return X, 0.5 * (y + 1.0)


def class_indices(data: Data) -> Data:
    """Return the data of `softmax_mlp` with the index of each row's class for its one-hot row."""
    X, Y = data
    return X, Y.argmax(1)


TARGETS: dict[str, Callable[[Data], Data]] = {"logistic": zeros_and_ones, "softmax_mlp": class_indices}
"""The data that a loss of `LOSSES` takes, by the problem's name, where they are not the problem's own."""


def own_targets(builder: Builder) -> Builder:
    """Return the builder of the same operator for the losses of `LOSSES`: each call prepares its `TARGETS` once."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        prepared = TARGETS.get(problem.name)
        if prepared is None:
            return builder(problem, case, x, data)
        run = builder(problem, case, x, prepared(data))
        return lambda *arguments: run(*arguments[:-1], prepared(arguments[-1]))

    return build
