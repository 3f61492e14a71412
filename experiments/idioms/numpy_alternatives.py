"""NumPy with the hand-derived gradient: what the update may be written as."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import blas

from backends import Builder, Case, Run
from backends.numpy_modes import buffer
from experiments.idioms import Alternatives
from problems import Data, Parameters, Problem, tree_leaves, tree_map


def updated(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The start is copied, and the copy updated in place."""
    gradient, rate, steps = problem.gradient, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        x = tree_map(np.copy, x)
        for _ in range(steps):
            for position, slope in zip(tree_leaves(x), tree_leaves(gradient(x, data)), strict=True):
                np.subtract(position, rate * slope, out=position)
        return x

    return run


def subtracted(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The step is subtracted, as the formula has it."""
    gradient, rate, steps = problem.gradient, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        for _ in range(steps):
            x = x - rate * gradient(x, data)
        return x

    return run


def scaled(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The rate is a number of Python, and not an array of no axes."""
    gradient, steps, down = problem.gradient, case.steps, -problem.rate_at(x, data)

    def run(x: Parameters, data: Data) -> Parameters:
        for _ in range(steps):
            x = down * gradient(x, data) + x
        return x

    return run


def into(move: str) -> Builder:
    """Return the builder of a descent that allocates nothing, with another update."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        assert problem.gradient_into is not None, "unsupported() comes first"  # noqa: S101 (as in the mode)
        gradient, steps = problem.gradient_into(x, data), case.steps
        rate: Any = problem.rate_at(x, data)
        (position, positions), (slope, slopes) = buffer(x), buffer(x)
        axpy = blas.saxpy if case.dtype == "float32" else blas.daxpy
        scale = np.asarray(rate, dtype=case.dtype)

        def number() -> None:
            np.multiply(slopes, rate, out=slopes)
            np.subtract(positions, slopes, out=positions)

        def operators() -> None:
            nonlocal slopes, positions
            slopes *= scale
            positions -= slopes

        def one_pass() -> None:
            axpy(slopes, positions, a=-rate)

        update = {"number": number, "operators": operators, "axpy": one_pass}[move]

        def run(x: Parameters, data: Data) -> Parameters:
            tree_map(np.copyto, position, x)
            for _ in range(steps):
                gradient(position, slope)
                update()
            return position

        return run

    return build


ALTERNATIVES: Alternatives = {
    "numpy": {
        "descent": {
            "the copy of the start updated in place": updated,
            "`x - rate * g`, of one array alone": subtracted,
            "the rate a number of Python, of one array alone": scaled,
        }
    },
    "numpy-inplace": {
        "descent": {
            "the rate a number of Python": into("number"),
            "`*=` and `-=`": into("operators"),
            "SciPy's axpy, one pass": into("axpy"),
        }
    },
}
