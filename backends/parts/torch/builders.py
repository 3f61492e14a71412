"""The builders of the torch modes: how each mode writes a gradient, a descent, and the other operators."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.autograd import forward_ad

from backends import Case, Flat, Run, Stepwise
from problems import Array, Data, Parameters, Problem, form


def value(problem: Problem) -> Flat:
    """The loss. Its tensors do not require a gradient, so torch records no graph."""
    loss = problem.loss  # a compiled program checks at each call what it closes over: the fewer objects, the faster
    return lambda x, *data: loss(torch, x, data)


def gradient_func(problem: Problem) -> Flat:
    """The gradient by `torch.func.grad`."""
    return torch.func.grad(value(problem))


def value_and_gradient_func(problem: Problem) -> Flat:
    """The value and the gradient by `torch.func.grad_and_value`, which returns the gradient first."""
    both = torch.func.grad_and_value(value(problem))

    def value_and_gradient(x: Parameters, *data: Array) -> tuple[Array, Parameters]:
        gradient, reached = both(x, *data)
        return reached, gradient

    return value_and_gradient


def gradient_vjp(problem: Problem) -> Flat:
    """The gradient by `torch.func.vjp`. Uncompiled, a call costs less than `grad` (`experiments.alternatives`)."""
    loss = value(problem)

    def gradient(x: Parameters, *data: Array) -> Parameters:
        reached, pullback = torch.func.vjp(lambda x: loss(x, *data), x)
        (pulled,) = pullback(torch.ones_like(reached))
        return pulled

    return gradient


def value_and_gradient_vjp(problem: Problem) -> Flat:
    """The value and the gradient by `torch.func.vjp`, which returns the value anyway."""
    loss = value(problem)

    def value_and_gradient(x: Parameters, *data: Array) -> tuple[Array, Parameters]:
        reached, pullback = torch.func.vjp(lambda x: loss(x, *data), x)
        (pulled,) = pullback(torch.ones_like(reached))
        return reached, pulled

    return value_and_gradient


def jvp_func(problem: Problem) -> Flat:
    """The directional derivative of the loss, by forward mode."""
    return _along(value(problem))


def hvp_func(problem: Problem) -> Flat:
    """The Hessian-vector product by forward over reverse: the gradient's derivative along the direction."""
    return _along(gradient_func(problem))


def hvp_reverse_over_reverse(problem: Problem) -> Flat:
    """The Hessian-vector product by reverse over reverse: the `vjp` of the gradient."""
    gradient = gradient_func(problem)

    def product(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        (pulled,) = torch.func.vjp(lambda x: gradient(x, *data), x)[1](v)
        return pulled

    return product


def _along(function: Flat) -> Flat:
    """Return the derivative of `function` along a direction, by forward mode."""
    return lambda x, v, *data: torch.func.jvp(lambda x: function(x, *data), (x,), (v,))[1]


def gradient_backward(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the gradient by `loss.backward()`."""
    tree = form(x)

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_leaf, x)
        problem.loss(torch, leaf, data).backward()
        return tree.map(_gradient_of, leaf)

    return run


def value_and_gradient_backward(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the value and the gradient by `loss.backward()`. The value leaves its graph, and stays on the device."""
    tree = form(x)

    def run(x: Parameters, data: Data) -> tuple[Array, Parameters]:
        leaf = tree.map(_leaf, x)
        reached = problem.loss(torch, leaf, data)
        reached.backward()
        return reached.detach(), tree.map(_gradient_of, leaf)

    return run


def descent_sgd(problem: Problem, case: Case, x: Parameters, data: Data, *, fused: bool = False) -> Run:
    """Build the descent by `loss.backward()` and `torch.optim.SGD`, by default the one that is not fused."""
    loss, rate, steps, tree = problem.loss, problem.rate_at(x, data), case.steps, form(x)
    options = optimizer_options(case, fused=fused)

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_fresh_leaf, x)
        optimizer = torch.optim.SGD(tree.leaves(leaf), lr=rate, **options)
        for _ in range(steps):
            optimizer.zero_grad()
            loss(torch, leaf, data).backward()
            optimizer.step()
        return tree.map(torch.detach, leaf)

    return run


def optimizer_options(case: Case, *, fused: bool) -> dict[str, Any]:
    """Return the options that choose how any optimizer of `torch.optim` updates its parameters on the case's device.

    `fused` asks for one kernel that updates all of them. Otherwise torch chooses: on CUDA, a kernel for each operation
    of the update (`foreach`); on the CPU, one for each operation and parameter. There it would decide so again at each
    step, which costs a tenth of a small step, so it is told.
    """
    if fused:
        return {"fused": True}
    return {"foreach": False} if case.device == "cpu" else {}


def gradient_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the gradient by `torch.autograd.grad`."""
    tree = form(x)

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_leaf, x)
        return tree.unflatten(x, torch.autograd.grad(problem.loss(torch, leaf, data), tree.leaves(leaf)))

    return run


def value_and_gradient_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the value and the gradient by `torch.autograd.grad`."""
    tree = form(x)

    def run(x: Parameters, data: Data) -> tuple[Array, Parameters]:
        leaf = tree.map(_leaf, x)
        reached = problem.loss(torch, leaf, data)
        return reached.detach(), tree.unflatten(x, torch.autograd.grad(reached, tree.leaves(leaf)))

    return run


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `torch.autograd.grad` and an update in place."""
    loss, rate, steps, tree = problem.loss, problem.rate_at(x, data), case.steps, form(x)

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_fresh_leaf, x)
        leaves = tree.leaves(leaf)
        positions = [array.detach() for array in leaves]  # they share the leaves' memory, outside the graph
        for _ in range(steps):
            gradients = torch.autograd.grad(loss(torch, leaf, data), leaves)
            for position, gradient in zip(positions, gradients, strict=True):
                position.sub_(gradient, alpha=rate)
        return tree.unflatten(x, positions)

    return run


def jvp_dual(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the directional derivative by `forward_ad`'s dual numbers."""
    tree = form(x)

    def run(x: Parameters, v: Parameters, data: Data) -> Array:
        with forward_ad.dual_level():
            dual = tree.map(forward_ad.make_dual, x, v)
            return forward_ad.unpack_dual(problem.loss(torch, dual, data)).tangent

    return run


def hvp_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the Hessian-vector product by reverse over reverse: `torch.autograd.grad`, called twice."""
    tree = form(x)

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_leaf, x)
        leaves = tree.leaves(leaf)
        gradients = torch.autograd.grad(problem.loss(torch, leaf, data), leaves, create_graph=True)
        return tree.unflatten(x, torch.autograd.grad(gradients, leaves, tree.leaves(v)))

    return run


def descent_func(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `torch.func.vjp`, in pure functions: each step returns new arrays."""
    gradient, update, tree = gradient_vjp(problem), partial(torch.sub, alpha=problem.rate_at(x, data)), form(x)
    return Stepwise(lambda x, *data: tree.map(update, x, gradient(x, *data)), case.steps)


def wait(case: Case) -> None:
    """Block until the case's device has computed all that it was asked for."""
    if case.device == "cuda":
        torch.cuda.synchronize()


def _leaf(array: Array) -> Array:
    return array.detach().requires_grad_()


def _fresh_leaf(array: Array) -> Array:
    return array.clone().requires_grad_()


def _gradient_of(leaf: Array) -> Array:
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad  # the loss may not use it
