"""The step of `momentum` and `adam`, compiled with its update inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch.utils import _pytree as pytree  # what torch.func itself walks with: Dynamo traces it

from backends import Case, Flat, Optimized, Run, WithState
from backends.parts.torch.builders import gradient_func, wait
from problems import ADAM, DECAY, MOMENTS, Array, Data, Moments, Parameters, Problem, form
from problems.optimizers import BETA1, BETA2, EPSILON

Corrections: TypeAlias = tuple[Array, ...]
"""What `adam` knows of its bias: the number of the next step, its rate and its ε. Empty for `momentum`.

They are tensors, since numbers of Python would be compiled in, for each step again. Each has one axis of length 1: what
is compiled (torch 2.13, CPU) writes nothing to a float64 input without axes.
"""

Move: TypeAlias = Callable[[Corrections, Sequence[Sequence[Array]]], None]
"""`move(corrections, arrays)` updates the corrections and, of each group of x, g and moments, all but g."""


@dataclass(frozen=True)
class InPlace(WithState):
    """A descent whose `step(x, state, *data)` updates x and the state, and returns nothing."""

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        step = self.step
        x, state = self.start(x)
        for _ in range(self.steps):
            step(x, state, *data)
        return x


def descent_compile_optimized(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `torch.compile` of one step of `momentum` or `adam`, which updates its state in place."""
    tree, rate = form(x), problem.rate_at(x, data)

    def before(x: Parameters, moments: Moments, number: int) -> tuple[Parameters, tuple[Moments, Corrections]]:
        corrections = _corrections(rate, number, tree.leaves(x)[0]) if case.optimizer == ADAM else ()
        return tree.map(torch.clone, x), (moments, corrections)

    def start(x: Parameters) -> tuple[Parameters, Any]:
        return before(x, tuple(tree.map(torch.zeros_like, x) for _ in range(MOMENTS[case.optimizer])), 1)

    def update(x: Parameters, moments: Moments, number: int, data: Data) -> tuple[Parameters, Moments]:
        x, state = before(x, tuple(tree.map(torch.clone, moment) for moment in moments), number)
        step(x, state, *data)
        return x, state[0]

    step = torch.compile(_step(gradient_func(problem), _move(case.optimizer, rate)), dynamic=False, fullgraph=True)
    step(*start(x), *data)  # torch compiles at the first call
    wait(case)
    return Optimized(InPlace(step, case.steps, start), update)


def _step(gradient: Flat, move: Move) -> Callable[..., None]:
    """Return one step `step(x, state, *data)`."""

    def step(x: Parameters, state: tuple[Moments, Corrections], *data: Array) -> None:
        moments, corrections = state
        parts = map(pytree.tree_leaves, (x, gradient(x, *data), *moments))
        move(corrections, list(zip(*parts, strict=True)))

    return step


def _move(optimizer: str, rate: float) -> Move:
    """Return the update of `momentum` or `adam`."""

    def momentum(_: Corrections, arrays: Sequence[Sequence[Array]]) -> None:
        for x, g, m in arrays:
            m.mul_(DECAY).add_(g)
            x.sub_(m, alpha=rate)

    def adam(corrections: Corrections, arrays: Sequence[Sequence[Array]]) -> None:
        number, *of_step = corrections
        own_rate, epsilon = (value.squeeze() for value in of_step)
        for x, g, m, v in arrays:
            m.mul_(BETA1).add_(g, alpha=1.0 - BETA1)
            v.mul_(BETA2).addcmul_(g, g, value=1.0 - BETA2)
            x.sub_(own_rate * m / (v.sqrt() + epsilon))
        # Those of the next step: a step that computed its own would do so in its loop, for each few numbers of x again.
        number.add_(1.0)
        for kept, value in zip(of_step, _corrected(rate, number), strict=True):
            kept.copy_(value)

    return adam if optimizer == ADAM else momentum


def _corrected(rate: float, number: Any) -> tuple[Any, Any]:
    """Return the rate and the ε of the step of this number: the corrections of the bias are multiplied into them."""
    correction = (1.0 - BETA2**number) ** 0.5
    return rate * correction / (1.0 - BETA1**number), EPSILON * correction


def _corrections(rate: float, number: int, like: Array) -> Corrections:
    """Return the corrections before the step of this number, on the device of `like`. Powers need float64's digits."""
    own = (torch.tensor([value], dtype=like.dtype, device=like.device) for value in _corrected(rate, number))
    return torch.tensor([number], dtype=torch.float64, device=like.device), *own
