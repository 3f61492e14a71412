"""Parts that the builders of several frameworks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from backends.case import Builder, Case, Flat, Run
from problems import ALONG, Data, Parameters, Problem, form


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
