"""NumPy with the hand-derived gradient: the tutorial's loop, and the same without allocating.

`numpy` is the yardstick that every ratio refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from backends.interface import Builder, Case, Run, missing_operator
from problems import Array, Data, Problem, descend


def gradient(problem: Problem, case: Case, x: Array, data: Data) -> Run:
    return problem.gradient


def descent(problem: Problem, case: Case, x: Array, data: Data) -> Run:
    steps = case.steps

    def run(x: Array, data: Data) -> Array:
        return descend(problem, x, data, steps)

    return run


def gradient_inplace(problem: Problem, case: Case, x: Array, data: Data) -> Run:
    assert problem.gradient_into is not None, "unsupported() comes first"
    into, out = problem.gradient_into(x, data), np.empty_like(x)

    def run(x: Array, data: Data) -> Array:
        into(x, out)
        return out

    return run


def descent_inplace(problem: Problem, case: Case, x: Array, data: Data) -> Run:
    """The buffers are allocated here, once; the result is one of them and lives until the next call."""
    assert problem.gradient_into is not None, "unsupported() comes first"
    into, steps, rate = problem.gradient_into(x, data), case.steps, problem.rate
    position, slope = np.empty_like(x), np.empty_like(x)

    def run(x: Array, data: Data) -> Array:
        np.copyto(position, x)
        for _ in range(steps):
            into(position, slope)
            np.multiply(slope, rate, out=slope)
            np.subtract(position, slope, out=position)
        return position

    return run


@dataclass(frozen=True)
class NumpyMode:
    name: str
    builders: dict[str, Builder]
    in_place: bool = False

    known_devices: ClassVar[tuple[str, ...]] = ("cpu",)

    def version(self) -> str:
        return np.__version__

    def missing_device(self, device: str) -> str | None:
        return None

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if self.in_place and problem.gradient_into is None:
            return f"{problem.name} has no in-place gradient (gradient_into)"
        return missing_operator(self.name, self.builders, case)

    def warm_up(self, case: Case) -> None:
        """NumPy has nothing to pay once."""

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        return arrays

    def compile(self, case: Case, problem: Problem, x: Array, data: Data) -> Run:
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Array) -> None:
        """NumPy returns when it is done."""

    def fetch(self, result: Array) -> Any:
        return result


BACKENDS = (
    NumpyMode("numpy", {"gradient": gradient, "descent": descent}),
    NumpyMode("numpy-inplace", {"gradient": gradient_inplace, "descent": descent_inplace}, in_place=True),
)
