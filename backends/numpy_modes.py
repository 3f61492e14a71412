"""NumPy with the hand-derived gradient: the tutorial's loop, and the same loop without allocating.

`numpy` is the reference that every ratio refers to. `numpy-inplace` has no value: nothing computes one in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

import problems
from backends import Backend, Builder, Case, Operations, Run, optimized_in_place
from backends.parts.numpy_operations import counted
from problems import (
    ADAM,
    LBFGS,
    MOMENTUM,
    OPERATORS,
    PAIR,
    Array,
    Data,
    Parameters,
    Problem,
    tree_leaves,
    tree_map,
    tree_unflatten,
)


def hand_derived(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return problems.hand_derived(case.operator, problem, case.steps, x, data, case.optimizer)


def optimized(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `momentum` or `adam`, which moves copies in place."""
    return optimized_in_place(problem.gradient, case, problem.rate_at(x, data), x)


def lbfgs(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by SciPy's L-BFGS-B."""
    return problems.lbfgs(problems.hand_derived(PAIR, problem, 1, x, data), case.steps, x, data)


def gradient_inplace(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    assert problem.gradient_into is not None, "unsupported() is asked first"
    into, out = problem.gradient_into(x, data), tree_map(np.empty_like, x)

    def run(x: Parameters, data: Data) -> Parameters:
        into(x, data, out)
        return out

    return run


def descent_inplace(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The buffers are allocated here, once. The result is one of them: the next call overwrites it.

    The arrays lie in one buffer, one after the other, so that one update moves them all.
    """
    assert problem.gradient_into is not None, "unsupported() is asked first"
    into, steps = problem.gradient_into(x, data), case.steps
    # An array, made once: NumPy would turn a Python number into an array at each step.
    rate = np.asarray(problem.rate_at(x, data), dtype=case.dtype)
    (position, positions), (gradient, gradients) = buffer(x), buffer(x)

    def run(x: Parameters, data: Data) -> Parameters:
        tree_map(np.copyto, position, x)
        for _ in range(steps):
            into(position, data, gradient)
            np.multiply(gradients, rate, out=gradients)
            np.subtract(positions, gradients, out=positions)
        return position

    return run


def buffer(x: Parameters) -> tuple[Parameters, Array]:
    """Return uninitialised arrays like those of `x`, and the one flat array that they are views of."""
    leaves = tree_leaves(x)
    shapes = [array.shape for array in leaves]
    ends = np.cumsum([array.size for array in leaves])
    flat = np.empty_like(leaves[0], shape=ends[-1])
    views = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
    return tree_unflatten(x, views), flat


@dataclass(frozen=True)
class NumpyMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    optimizers: Mapping[str, Builder] = field(default_factory=dict)
    in_place: bool = False
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    def version(self) -> str:
        return np.__version__

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if self.in_place and problem.gradient_into is None:
            return f"{problem.name} has no in-place gradient (gradient_into)"
        if case.operator != "value" and not problem.is_derived:
            return f"{problem.name} has no hand-derived gradient"
        if case.operator == "hvp" and problem.hvp is None:
            return f"{problem.name} has no hand-derived Hessian-vector product (hvp)"
        return super().unsupported(case, problem)

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        return counted(partial(self.compile, case, problem), arguments)


BACKENDS = (
    NumpyMode(
        "numpy",
        dict.fromkeys(OPERATORS, hand_derived),
        {MOMENTUM: optimized, ADAM: optimized, LBFGS: lbfgs},
        in_default=True,
        writes="the derivative by hand, and `x = x - rate * gradient(x)`",
        wins="the reference; the fastest loop in Python up to a batch of 100",
    ),
    NumpyMode(
        "numpy-inplace",
        {"gradient": gradient_inplace, "descent": descent_inplace},
        in_place=True,
        in_default=True,
        writes="the same with `out=`: nothing is allocated in the loop",
        wins="faster than `numpy` at 10,000 and above",
    ),
)
