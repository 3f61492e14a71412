"""Descents by `torch.optim`: with momentum, by Adam and by L-BFGS, in the conventions of `problems.optimizers`.

`torch.optim.SGD` and `torch.optim.Adam` keep to these by default, also in their constants: no dampening, and ε is added
after the correction of the bias. The constants are given, whatever a later torch takes for its default.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch.optim import Optimizer

from backends import Case, Optimized, Run, Update
from backends.parts.torch.builders import gradient_grad, optimizer_options
from problems import (
    ADAM,
    DECAY,
    MOMENTUM,
    Array,
    Data,
    Moments,
    Parameters,
    Problem,
    form,
    lbfgs_tolerance,
    tree_leaves,
    tree_map,
)
from problems.optimizers import BETA1, BETA2, EPSILON, HISTORY, MAX_EVALUATIONS

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    MOMENTUM: partial(torch.optim.SGD, momentum=DECAY),
    ADAM: partial(torch.optim.Adam, betas=(BETA1, BETA2), eps=EPSILON),
}

MOMENTS_OF = {MOMENTUM: ("momentum_buffer",), ADAM: ("exp_avg", "exp_avg_sq")}
"""torch's names of an optimizer's moments, in the order of `problems.optimizers`."""


def descent_optimized(problem: Problem, case: Case, x: Parameters, data: Data, *, fused: bool = False) -> Run:
    """Build the descent by `loss.backward()` and torch's `momentum` or `adam`, by default the one that is not fused."""
    return optimized(problem, case, x, data, **optimizer_options(case, fused=fused))


def optimized(problem: Problem, case: Case, x: Parameters, data: Data, **options: bool) -> Optimized:
    """Return the descent by `momentum` or `adam` for which torch gets these options."""
    loss, steps, tree = problem.loss, case.steps, form(x)
    make = partial(OPTIMIZERS[case.optimizer], lr=problem.rate_at(x, data), **options)

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_fresh_leaf, x)
        optimizer = make(tree.leaves(leaf))
        for _ in range(steps):
            optimizer.zero_grad()
            loss(torch, leaf, data).backward()
            optimizer.step()
        return tree.map(torch.detach, leaf)

    return Optimized(run, _update(case.optimizer, problem, make))


def _update(name: str, problem: Problem, make: Callable[..., Optimizer]) -> Update:
    """Return the update of `Optimized`: a step of the optimizer that `make` makes, with its state loaded."""

    def update(x: Parameters, moments: Moments, number: int, data: Data) -> tuple[Parameters, Moments]:
        leaf = tree_map(_fresh_leaf, x)
        leaves = tree_leaves(leaf)
        optimizer = make(leaves)
        states = [_state(name, number, own) for own in zip(*map(tree_leaves, moments), strict=True)]
        optimizer.load_state_dict(optimizer.state_dict() | {"state": dict(enumerate(states))})
        problem.loss(torch, leaf, data).backward()
        for array in leaves:  # torch leaves out what the loss does not use; but here it has moments, and they decay
            array.grad = torch.zeros_like(array) if array.grad is None else array.grad
        optimizer.step()
        after = (tree_map(lambda array, key=key: optimizer.state[array][key], leaf) for key in MOMENTS_OF[name])
        return tree_map(torch.detach, leaf), tuple(after)

    return update


def _state(name: str, number: int, moments: tuple[Array, ...]) -> dict[str, Array]:
    """Return what torch's optimizer knows of one array before the step of this number, with copies of the moments."""
    own = dict(zip(MOMENTS_OF[name], map(torch.clone, moments), strict=True))
    return own | {"step": torch.tensor(number - 1.0)} if name == ADAM else own


def descent_lbfgs(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `torch.optim.LBFGS` with its strong Wolfe line search, in one call of its `step`.

    The gradient at `x` sets the tolerance. No change of the loss or of the parameters is small enough to end it, except
    none at all.
    """
    loss, tree = problem.loss, form(x)
    first = gradient_grad(problem, case, x, data)(x, data)
    make = partial(
        torch.optim.LBFGS,
        max_iter=case.steps,
        max_eval=case.steps * MAX_EVALUATIONS,
        tolerance_grad=lbfgs_tolerance(case.dtype) * max(float(g.abs().max()) for g in tree_leaves(first)),
        tolerance_change=0.0,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
    )

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree.map(_fresh_leaf, x)
        optimizer = make(tree.leaves(leaf))

        def closure() -> Array:
            optimizer.zero_grad()
            reached = loss(torch, leaf, data)
            reached.backward()
            return reached

        optimizer.step(closure)
        return tree.map(torch.detach, leaf)

    return run


def _fresh_leaf(array: Array) -> Array:
    return array.clone().requires_grad_()
