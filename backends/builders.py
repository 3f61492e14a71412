"""Parts that the builders of several frameworks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeAlias

import problems
from backends.case import Builder, Case, Flat, Run
from problems import ALONG, Data, Moments, Parameters, Problem, form


def spread(function: Flat, operator: str) -> Run:
    """Return the run that calls `function` with each data array as an argument; its `__wrapped__` is the function."""
    wrapped = wraps(function, assigned=(), updated=())
    if operator in ALONG:
        return wrapped(lambda x, v, data: function(x, v, *data))
    return wrapped(lambda x, data: function(x, *data))


def eager(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of an operator that a framework computes operation by operation."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(derive(problem), case.operator)

    return build


def examples(operator: str, x: Parameters, data: Data) -> tuple[Parameters, ...]:
    """Return example arguments for a flat function of the operator; `x` stands in for the direction."""
    return (x, x, *data) if operator in ALONG else (x, *data)


def step(gradient: Flat, rate: float, x: Parameters) -> Flat:
    """Return one step `step(x, *data)` of the descent, for parameters like `x`."""
    tree = form(x)
    return lambda x, *data: tree.map(lambda position, g: position - rate * g, x, gradient(x, *data))


@dataclass(frozen=True)
class Stepwise:
    """A descent that calls `step(x, *data)` `steps` times from Python. A shorter one needs no new compilation.

    If a step overwrites its argument or takes over its memory, `copied` returns the copy that the first step gets.
    """

    step: Flat
    steps: int
    copied: Callable[[Parameters], Parameters] | None = None

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        step = self.step
        if self.copied is not None:
            x = self.copied(x)
        if data:
            for _ in range(self.steps):
                x = step(x, *data)
        else:  # as a user would write it: unpacking an empty tuple costs 2 % of a jitted step
            for _ in range(self.steps):
                x = step(x)
        return x


@dataclass(frozen=True)
class StepwiseInPlace(Stepwise):
    """A stepwise descent whose `step(x, *data)` updates x and returns nothing."""

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        step = self.step
        if self.copied is not None:
            x = self.copied(x)
        if data:
            for _ in range(self.steps):
                step(x, *data)
        else:
            for _ in range(self.steps):
                step(x)
        return x


OwnState: TypeAlias = Any
"""What an optimizer keeps between two steps, in a framework's own form."""


@dataclass(frozen=True)
class WithState:
    """A descent that calls `step(x, state, *data)` from Python; it returns the parameters and the state after the step.

    `start(x)` returns the state before the first step, and the copy of `x` that the first step may take over.
    """

    step: Callable[..., tuple[Parameters, OwnState]]
    steps: int
    start: Callable[[Parameters], tuple[Parameters, OwnState]]

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        step = self.step
        x, state = self.start(x)
        for _ in range(self.steps):
            x, state = step(x, state, *data)
        return x


Update: TypeAlias = Callable[[Parameters, Moments, int, Data], tuple[Parameters, Moments]]
"""`update(x, moments, number, data)` makes the step of this number, from 1, from these parameters and moments.

`problems.optimizers` says what the moments are. It returns those after the step, as the framework's arrays. It is not
timed, and overwrites nothing.
"""


@dataclass(frozen=True)
class Optimized:
    """A descent by an optimizer that keeps moments, `momentum` or `adam`: what their builders return.

    `run` is the descent. `update` makes one step of it from any state, by the same code. From a state that is drawn for
    it, every digit of a step can be checked; the ends of two right descents by `adam` may differ.
    """

    run: Run
    update: Update
    library: str = ""
    """Where the optimizer comes from, with its version, if it is not the framework: `optax 0.2.6`."""

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        return self.run(x, data)

    @property
    def __wrapped__(self) -> Run:
        """The descent itself: `inspect.unwrap` finds the program that a call runs."""
        return self.run


def optimized_in_place(gradient: Run, case: Case, rate: float, x: Parameters) -> Optimized:
    """Return the descent by `momentum` or `adam` in NumPy's arrays, for parameters like `x`."""

    def update(x: Parameters, moments: Moments, number: int, data: Data) -> tuple[Parameters, Moments]:
        return problems.updated(gradient, case.optimizer, rate, problems.State(x, moments, number), data)

    return Optimized(problems.optimized(gradient, case.optimizer, rate, case.steps, x), update)


def lengthened(run: Run, steps: int) -> Run | None:
    """Return the descent with so many steps, of the same compiled parts; `None` if it must be built for them."""
    if isinstance(run, Stepwise | WithState | problems.Minimized):
        return replace(run, steps=steps)
    if isinstance(run, Optimized):
        inner = lengthened(run.run, steps)
        return None if inner is None else replace(run, run=inner)
    return None
