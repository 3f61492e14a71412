"""PyTorch: other implementations of its optimiser, and other functions for a derivative."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from backends import Builder, Case, Flat, Run, Stepwise, eager, step
from backends.parts.torch import builders as own
from backends.parts.torch.losses import own_targets
from experiments.alternatives import Alternatives
from problems import PAIR, Array, Data, Parameters, Problem, tree_leaves, tree_map, tree_unflatten


def sgd(*, set_to_none: bool = True, **options: Any) -> Builder:
    """Return the builder of the descent by the optimiser with these options."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

        def run(x: Parameters, data: Data) -> Parameters:
            leaf = tree_map(lambda array: array.clone().requires_grad_(), x)
            optimizer = torch.optim.SGD(tree_leaves(leaf), lr=rate, **options)
            for _ in range(steps):
                optimizer.zero_grad(set_to_none=set_to_none)
                loss(torch, leaf, data).backward()
                optimizer.step()
            return tree_map(torch.detach, leaf)

        return run

    return build


def grad_no_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Update under `no_grad`."""
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(lambda array: array.clone().requires_grad_(), x)
        for _ in range(steps):
            gradients = torch.autograd.grad(loss(torch, leaf, data), leaf)
            with torch.no_grad():
                for position, gradient in zip(tree_leaves(leaf), gradients, strict=True):
                    position.sub_(gradient, alpha=rate)
        return tree_map(torch.detach, leaf)

    return run


def grad_foreach(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Update all parameters by one call."""
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(lambda array: array.clone().requires_grad_(), x)
        positions = [array.detach() for array in tree_leaves(leaf)]
        for _ in range(steps):
            torch._foreach_sub_(positions, torch.autograd.grad(loss(torch, leaf, data), leaf), alpha=rate)
        return tree_unflatten(x, positions)

    return run


def grad_new_leaves(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Make new leaves of the graph at each step."""
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        for _ in range(steps):
            leaf = tree_map(lambda array: array.detach().requires_grad_(), x)
            gradients = tree_unflatten(x, torch.autograd.grad(loss(torch, leaf, data), leaf))
            x = tree_map(lambda position, gradient: position.detach() - rate * gradient, leaf, gradients)
        return x

    return run


def func_grad_and_value(problem: Problem) -> Flat:
    both = torch.func.grad_and_value(own.value(problem))
    return lambda x, *data: both(x, *data)[0]


def func_in_place(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Copy the start, and update the copy in place."""
    derivative, rate, steps = own.gradient_vjp(problem), problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        x = tree_map(torch.clone, x)
        for _ in range(steps):
            for position, gradient in zip(tree_leaves(x), tree_leaves(derivative(x, *data)), strict=True):
                position.sub_(gradient, alpha=rate)
        return x

    return run


def func_two_operations(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Update by `x - rate * gradient`, in two operations."""
    return Stepwise(step(own.gradient_vjp(problem), problem.rate_at(x, data), x), case.steps)


def func_steps(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of the descent by this gradient."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        gradient, update = derive(problem), partial(torch.sub, alpha=problem.rate_at(x, data))
        return Stepwise(lambda x, *data: tree_map(update, x, gradient(x, *data)), case.steps)

    return build


def hvp_of_product(problem: Problem) -> Flat:
    """The gradient of the directional derivative along v: reverse over reverse."""
    gradient = own.gradient_func(problem)

    def along(x: Parameters, v: Parameters, *data: Array) -> Array:
        return sum(torch.sum(g * d) for g, d in zip(tree_leaves(gradient(x, *data)), tree_leaves(v), strict=True))

    return torch.func.grad(along)


def hvp_forward_over_vjp(problem: Problem) -> Flat:
    gradient = own.gradient_vjp(problem)
    return lambda x, v, *data: torch.func.jvp(lambda x: gradient(x, *data), (x,), (v,))[1]


def hvp_linearized(problem: Problem) -> Flat:
    gradient = own.gradient_func(problem)
    return lambda x, v, *data: torch.func.linearize(lambda x: gradient(x, *data), x)[1](v)


def hvp_reverse_over_forward(problem: Problem) -> Flat:
    return torch.func.grad(own.jvp_func(problem))


def hvp_functional(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The Hessian-vector product by `torch.autograd.functional.hvp`."""

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        def loss(*x_: Array) -> Array:
            return problem.loss(torch, tree_unflatten(x, x_), data)

        return tree_unflatten(x, tree_leaves(torch.autograd.functional.hvp(loss, tree_leaves(x), tree_leaves(v))[1]))

    return run


GRAD = {
    "descent": {
        "the update under `no_grad`": grad_no_grad,
        "`_foreach_sub_`": grad_foreach,
        "new leaves each step": grad_new_leaves,
    },
    "hvp": {"`torch.autograd.functional.hvp`": hvp_functional},
}

ALTERNATIVES: Alternatives = {
    "torch-optim": {
        "descent": {
            "`foreach` at torch's default": sgd(),
            "`foreach=True`": sgd(foreach=True),
            "`fused=True`": sgd(fused=True),
            "`set_to_none=False`": sgd(set_to_none=False, foreach=False),
        }
    },
    "torch-grad": GRAD,
    "torch-fused": {
        operator: {way: own_targets(builder) for way, builder in ways.items()} for operator, ways in GRAD.items()
    },
    "torch-func": {
        "descent": {
            "`x - rate * g`": func_two_operations,
            "the copy of the start updated in place": func_in_place,
            "`grad`": func_steps(own.gradient_func),
            "`grad_and_value`": func_steps(func_grad_and_value),
        },
        "gradient": {"`grad`": eager(own.gradient_func), "`grad_and_value`": eager(func_grad_and_value)},
        PAIR: {"`grad_and_value`": eager(own.value_and_gradient_func)},
        "hvp": {
            "forward over `vjp`": eager(hvp_forward_over_vjp),
            "`linearize`": eager(hvp_linearized),
            "reverse over forward": eager(hvp_reverse_over_forward),
        },
    },
}
