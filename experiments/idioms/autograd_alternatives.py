"""HIPS autograd: its other functions."""

from __future__ import annotations

from collections.abc import Callable

import autograd.numpy as anp
from autograd import elementwise_grad, grad, hessian_vector_product, make_vjp, value_and_grad
from autograd.extend import vspace

from backends import Builder, Case, Run
from backends import autograd_modes as own
from experiments.idioms import Alternatives
from problems import Array, Data, Parameters, Problem, loop, tree_leaves

Slope = Callable[[Problem], Run]


def by_value_and_grad(problem: Problem) -> Run:
    both = value_and_grad(lambda x, data: problem.loss(anp, x, data))
    return lambda x, data: both(x, data)[1]


def by_vjp(problem: Problem) -> Run:
    at = make_vjp(lambda x, data: problem.loss(anp, x, data))

    def slope(x: Parameters, data: Data) -> Parameters:
        back, value = at(x, data)
        return back(vspace(value).ones())

    return slope


def by_elementwise_grad(problem: Problem) -> Run:
    slope: Run = elementwise_grad(lambda x, data: problem.loss(anp, x, data))
    return slope


def gradient(slope: Slope) -> Builder:
    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return slope(problem)

    return build


def descent(slope: Slope) -> Builder:
    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return loop(slope(problem), problem.rate_at(x, data), case.steps, x)

    return build


def hvp_of_product(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The gradient of the slope along v."""
    slope = own.gradient(problem, case, x, data)

    def along(x: Parameters, v: Parameters, data: Data) -> Array:
        return sum(anp.sum(s * d) for s, d in zip(tree_leaves(slope(x, data)), tree_leaves(v), strict=True))

    run: Run = grad(along)
    return run


def hvp_of_library(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The library's other function for it, which takes the arguments in another order."""
    product = hessian_vector_product(own.value(problem, case, x, data))
    return lambda x, v, data: product(x, data, v)


WAYS = {"`value_and_grad`": by_value_and_grad, "`make_vjp`": by_vjp, "`elementwise_grad`": by_elementwise_grad}

ALTERNATIVES: Alternatives = {
    "autograd": {
        "descent": {name: descent(slope) for name, slope in WAYS.items()},
        "gradient": {name: gradient(slope) for name, slope in WAYS.items()},
        "hvp": {"`grad` of the slope along v": hvp_of_product, "`hessian_vector_product`": hvp_of_library},
    }
}
