"""NumPy with the hand-derived gradient: the tutorial's loop, and the same without allocating.

`numpy` is the yardstick that every ratio refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from backends.base import Builder, Case, Run, missing_operator
from problems import OPERATORS, Array, Data, Parameters, Problem, by_hand, tree_leaves, tree_map, tree_unflatten


def hand_derived(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return by_hand(case.operator, problem, case.steps, x, data)


def gradient_inplace(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    assert problem.gradient_into is not None, "unsupported() comes first"
    into, out = problem.gradient_into(x, data), tree_map(np.empty_like, x)

    def run(x: Parameters, data: Data) -> Parameters:
        into(x, out)
        return out

    return run


def descent_inplace(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The buffers are allocated here, once; the result is one of them and lives until the next call.

    The arrays of a tuple lie in one buffer, one after the other, so that one update moves them all.
    """
    assert problem.gradient_into is not None, "unsupported() comes first"
    into, steps = problem.gradient_into(x, data), case.steps
    rate = np.asarray(problem.rate_at(x, data), dtype=case.dtype)  # made once: a number would become an array each step
    (position, positions), (slope, slopes) = buffer(x), buffer(x)

    def run(x: Parameters, data: Data) -> Parameters:
        tree_map(np.copyto, position, x)
        for _ in range(steps):
            into(position, slope)
            np.multiply(slopes, rate, out=slopes)
            np.subtract(positions, slopes, out=positions)
        return position

    return run


def buffer(x: Parameters) -> tuple[Parameters, Array]:
    """Return arrays like those of `x`, uninitialised, and the one flat array that they are views of."""
    shapes = [array.shape for array in tree_leaves(x)]
    ends = np.cumsum([array.size for array in tree_leaves(x)])
    flat = np.empty(ends[-1], dtype=tree_leaves(x)[0].dtype)
    views = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
    return tree_unflatten(x, views), flat


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
        if case.operator == "hvp" and problem.hvp is None:
            return f"{problem.name} has no hand-derived Hessian-vector product (hvp)"
        return missing_operator(self.name, self.builders, case)

    def warm_up(self, case: Case) -> None:
        """NumPy has nothing to pay once."""

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        return arrays

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        """NumPy returns when it is done."""

    def fetch(self, result: Parameters) -> Any:
        return result


BACKENDS = (
    NumpyMode("numpy", dict.fromkeys(OPERATORS, hand_derived)),
    NumpyMode("numpy-inplace", {"gradient": gradient_inplace, "descent": descent_inplace}, in_place=True),
)
