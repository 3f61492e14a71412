"""HIPS autograd: NumPy's functions, traced again at each call.

`autograd`         reverse mode; its Hessian-vector product is the library's own, reverse over reverse
`autograd-fwdrev`  Hessian-vector products alone, composed of the library's forward and reverse modes: forward over
                   reverse
`autograd-losses`  reverse mode of losses that stay in the dtype of their arrays; it runs only those

The library computes some derivatives in float64, whatever the dtype: those of `amax`, `amin` and `mean`, and the second
of `abs`. So in `attention`, `gmm`, `kmeans` and `softmax_mlp`, whose losses have an `amax` or `amin`, a float32 case of
`autograd` is computed in float64 in part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import autograd.numpy as anp
from autograd import core, grad, make_hvp, make_jvp, value_and_grad

import problems
from backends import Backend, Builder, Case, Loss, Operations, Optimized, Run, Update, optimized_in_place
from backends.parts.autograd_losses import LOSSES
from problems import (
    ADAM,
    LBFGS,
    MOMENTUM,
    NODES,
    PAIR,
    WRITES,
    Array,
    Data,
    Moments,
    Parameters,
    Problem,
    loop,
    tree_leaves,
    tree_unflatten,
)


def value(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return partial(problem.loss, anp)


def gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    run: Run = grad(value(problem, case, x, data))
    return run


def value_and_gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    run: Run = value_and_grad(value(problem, case, x, data))
    return run


def descent(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return loop(gradient(problem, case, x, data), problem.rate_at(x, data), case.steps, x)


def optimized(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `momentum` or `adam`, whose update is written by hand: the library has none."""
    return optimized_in_place(gradient(problem, case, x, data), case, problem.rate_at(x, data), x)


def lbfgs(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by SciPy's L-BFGS-B."""
    return problems.lbfgs(value_and_gradient(problem, case, x, data), case.steps, x, data)


def jvp(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The library's forward mode."""
    pushforward = make_jvp(value(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Array:
        return pushforward(x, data)(v)[1]

    return run


def hvp(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    at = make_hvp(value(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        return at(x, data)[0](v)

    return run


def hvp_forward_over_reverse(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    pushforward = make_jvp(gradient(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        return pushforward(x, data)(v)[1]

    return run


@dataclass(frozen=True)
class AutogradMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    optimizers: Mapping[str, Builder] = field(default_factory=dict)
    losses: Mapping[str, Loss] = field(default_factory=dict)
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    def version(self) -> str:
        return version("autograd")

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        if is_differentiable(x):
            return super().compile(case, problem, x, data)
        leaves = tree_leaves(x)
        run = super().compile(case, by_leaves(problem, x, data), leaves, data)
        if case.operator not in WRITES:
            return lambda *arguments: run(*map(tree_leaves, arguments))
        if case.operator == PAIR:
            return partial(_both_like, x, run)
        if isinstance(run, Optimized):
            return Optimized(partial(_like, x, run), _update_like(x, run))
        return partial(_like, x, run)

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        return {"functions that autograd records": traced(partial(run, *arguments))}


def traced(call: Callable[[], Any]) -> dict[str, int]:
    """Return how often the call makes a node for each of the library's functions, going forward or in reverse."""
    counts: Counter[str] = Counter()

    def noting(make: Callable[..., None]) -> Callable[..., None]:
        def initialize(node: Any, value: Any, function: Any, *others: Any) -> None:
            counts[function.__name__] += 1
            make(node, value, function, *others)

        return initialize

    with (
        patch.object(core.VJPNode, "__init__", noting(core.VJPNode.__init__)),
        patch.object(core.JVPNode, "__init__", noting(core.JVPNode.__init__)),
    ):
        call()
    return dict(counts)


def _like(like: Parameters, run: Run, *arguments: Any) -> Parameters:
    """Return the result of a run by leaves, nested like `like`."""
    return tree_unflatten(like, run(*map(tree_leaves, arguments)))


def _update_like(like: Parameters, run: Optimized) -> Update:
    """Return the update of a run by leaves, with its parameters and its moments nested like `like`."""

    def update(x: Parameters, moments: Moments, number: int, data: Data) -> tuple[Parameters, Moments]:
        leaves, after = run.update(tree_leaves(x), tuple(map(tree_leaves, moments)), number, data)
        return tree_unflatten(like, leaves), tuple(tree_unflatten(like, moment) for moment in after)

    return update


def _both_like(like: Parameters, run: Run, x: Parameters, data: Data) -> tuple[Array, Parameters]:
    """Return the pair of a run by leaves, with its gradient nested like `like`."""
    reached, leaves = run(tree_leaves(x), data)
    return reached, tree_unflatten(like, leaves)


def is_differentiable(x: Parameters) -> bool:
    """Whether the library differentiates by `x`. It knows dicts, lists and tuples, but none of their subclasses."""
    if type(x) not in NODES:
        return not isinstance(x, NODES)
    return all(map(is_differentiable, x.values() if isinstance(x, dict) else x))


def by_leaves(problem: Problem, x: Parameters, data: Data) -> Problem:
    """Return the problem as one of a flat tuple of arrays, which the loss nests like `x`."""

    def loss(xp: Any, leaves: Parameters, data: Data) -> Array:
        return problem.loss(xp, tree_unflatten(x, leaves), data)

    return replace(problem, loss=loss, rate=problem.rate_at(x, data))


DERIVATIVES = {"gradient": gradient, PAIR: value_and_gradient, "descent": descent, "hvp": hvp, "jvp": jvp}

BACKENDS = (
    AutogradMode(
        "autograd",
        {"value": value, **DERIVATIVES},
        {MOMENTUM: optimized, ADAM: optimized, LBFGS: lbfgs},
        in_default=True,
        writes="`autograd.grad(loss)`, for a loss in `autograd.numpy`",
        wins="for code that is already NumPy; never the fastest",
    ),
    AutogradMode(
        "autograd-fwdrev",
        {"hvp": hvp_forward_over_reverse},
        in_default=True,
        writes="`make_jvp(grad(loss))`",
        wins="for Hessian-vector products: forward over reverse",
    ),
    AutogradMode(
        "autograd-losses",
        DERIVATIVES,  # a value alone has no derivative that could leave the dtype
        losses=LOSSES,
        writes="`autograd.grad(loss)`, with shifts and choices taken out of the trace by `getval`",
        wins="ahead of `autograd`, which computes in float64 after an `amax`",
    ),
)
