"""HIPS autograd: its other functions for a gradient and a Hessian-vector product, and other ways to write a loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import autograd.numpy as anp
from autograd import elementwise_grad, grad, hessian_vector_product, make_vjp, value_and_grad
from autograd.extend import vspace
from autograd.scipy.special import logsumexp
from autograd.tracer import getval

from backends import Builder, Case, Loss, Run
from backends import autograd_modes as own
from experiments.alternatives import Alternatives
from problems import PAIR, Array, Data, Parameters, Problem, find, loop, tree_leaves
from problems.gmm_prior import log_prior
from problems.logistic import PENALTY

Derive = Callable[[Problem], Run]


def by_value_and_grad(problem: Problem) -> Run:
    both = value_and_grad(lambda x, data: problem.loss(anp, x, data))
    return lambda x, data: both(x, data)[1]


def by_vjp(problem: Problem) -> Run:
    at = make_vjp(lambda x, data: problem.loss(anp, x, data))

    def gradient(x: Parameters, data: Data) -> Parameters:
        back, value = at(x, data)
        return back(vspace(value).ones())

    return gradient


def by_elementwise_grad(problem: Problem) -> Run:
    gradient: Run = elementwise_grad(lambda x, data: problem.loss(anp, x, data))
    return gradient


def value_and_gradient_by_vjp(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    at = make_vjp(own.value(problem, case, x, data))

    def run(x: Parameters, data: Data) -> tuple[Array, Parameters]:
        back, value = at(x, data)
        return value, back(vspace(value).ones())

    return run


def gradient_by(derive: Derive) -> Builder:
    """Return the builder of the gradient by this function."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return derive(problem)

    return build


def descent_by(derive: Derive) -> Builder:
    """Return the builder of the descent by the gradient of this function."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return loop(derive(problem), problem.rate_at(x, data), case.steps, x)

    return build


def hvp_of_product(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The Hessian-vector product as the gradient of the directional derivative along v."""
    gradient = own.gradient(problem, case, x, data)

    def along(x: Parameters, v: Parameters, data: Data) -> Array:
        return sum(anp.sum(g * d) for g, d in zip(tree_leaves(gradient(x, data)), tree_leaves(v), strict=True))

    run: Run = grad(along)
    return run


def hvp_of_library(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The Hessian-vector product by the library's other function, which takes v last."""
    product = hessian_vector_product(own.value(problem, case, x, data))
    return lambda x, v, data: product(x, data, v)


def attention(x: Parameters, data: Data) -> Array:
    Wq, Wk, Wv, Wo = x
    X, Y = data
    S = (X @ (Wq / math.sqrt(X.shape[2]))) @ anp.swapaxes(X @ Wk, 1, 2)
    R = anp.exp(S - logsumexp(S, 2)[:, :, None]) @ (X @ Wv) @ Wo - Y
    return anp.sum(0.5 * R * R) / (X.shape[0] * X.shape[1])


def gmm(x: Parameters, data: Data) -> Array:
    alphas, means, icf = x
    X, places = data
    size, d = X.shape
    q = icf[:, :d]
    Q = anp.concatenate([anp.exp(q), icf[:, d:], 0.0 * icf[:, :1]], 1)[:, places]
    Y = (Q.reshape(-1, d) @ X.T).reshape(-1, d, size) - anp.sum(Q * means[:, None, :], 2)[:, :, None]
    exponents = (alphas + anp.sum(q, 1))[:, None] - 0.5 * anp.sum(Y * Y, 1)
    likelihoods = logsumexp(exponents, 0) - logsumexp(alphas) - 0.5 * d * math.log(2.0 * math.pi)
    return -anp.sum(likelihoods) - log_prior(anp, x, data)


def kmeans(C: Array, data: Data) -> Array:
    (P,) = data
    distances = anp.sum(C * C, 1)[:, None] - 2.0 * (C @ P.T)
    R = C[getval(distances).argmin(0)] - P
    return anp.sum(R * R)


def log_sum_exp(x: Array, data: Data) -> Array:
    return logsumexp(x)


def logistic(w: Array, data: Data) -> Array:
    X, y = data
    return anp.sum(anp.logaddexp(X.dtype.type(0.0), -y * (X @ w))) / y.shape[0] + 0.5 * PENALTY * (w @ w)


def softmax_mlp(x: Parameters, data: Data) -> Array:
    W1, b1, W2, b2 = x
    X, Y = data
    Z = anp.tanh(X @ W1 + b1) @ W2 + b2
    return anp.sum(logsumexp(Z, 1) - anp.sum(Z * Y, 1)) / Y.shape[0]


LIBRARY: dict[str, Loss] = {
    "attention": attention,
    "gmm": gmm,
    "kmeans": kmeans,
    "log_sum_exp": log_sum_exp,
    "logistic": logistic,
    "softmax_mlp": softmax_mlp,
}
"""The losses of `autograd-losses` in functions of the library: its `logsumexp`, its `logaddexp`, a gather."""


def with_common_loss(build: Builder) -> Builder:
    """Return the builder for the problem's common loss in place of the mode's own."""

    def common(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return build(replace(problem, loss=find(case.problem).loss), case, x, data)

    return common


def with_library(build: Builder) -> Builder:
    """Return the builder for the loss of `LIBRARY` in place of the mode's own."""

    def library(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        loss = LIBRARY[case.problem]
        return build(replace(problem, loss=lambda _, x, data: loss(x, data)), case, x, data)

    return library


def other_losses(build: Builder) -> dict[str, Builder]:
    return {
        "the common loss": with_common_loss(build),
        "`logsumexp`, `logaddexp`, a gather": with_library(build),
    }


GRADIENTS = {"`value_and_grad`": by_value_and_grad, "`make_vjp`": by_vjp, "`elementwise_grad`": by_elementwise_grad}

ALTERNATIVES: Alternatives = {
    "autograd": {
        "descent": {name: descent_by(derive) for name, derive in GRADIENTS.items()},
        "gradient": {name: gradient_by(derive) for name, derive in GRADIENTS.items()},
        PAIR: {"`make_vjp`": value_and_gradient_by_vjp},
        "hvp": {
            "`grad` of the directional derivative": hvp_of_product,
            "`hessian_vector_product`": hvp_of_library,
        },
    },
    "autograd-losses": {
        "descent": other_losses(own.descent),
        "gradient": other_losses(own.gradient),
        "hvp": other_losses(own.hvp),
    },
}
