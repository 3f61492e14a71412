"""HIPS autograd: its other functions for a gradient and for a Hessian-vector product."""

from __future__ import annotations

from collections.abc import Callable

import autograd.numpy as anp
from autograd import elementwise_grad, grad, hessian_vector_product, make_vjp, value_and_grad
from autograd.extend import vspace

from backends import Builder, Case, Run
from backends import autograd_modes as own
from experiments.alternatives import Alternatives
from problems import PAIR, Array, Data, Parameters, Problem, loop, tree_leaves

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
    }
}
