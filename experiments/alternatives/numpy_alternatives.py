"""NumPy with the hand-derived gradient: other ways to write the update, and a value and a gradient in two passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.linalg import blas

from backends import Builder, Case, Run
from backends.numpy_modes import buffer
from experiments.alternatives import Alternatives
from problems import PAIR, Data, Parameters, Problem, hand_derived, tree_leaves, tree_map


def updated_in_place(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Copy the start, and update the copy in place."""
    gradient, rate, steps = problem.gradient, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        x = tree_map(np.copy, x)
        for _ in range(steps):
            for position, g in zip(tree_leaves(x), tree_leaves(gradient(x, data)), strict=True):
                np.subtract(position, rate * g, out=position)
        return x

    return run


def subtracted(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Subtract the step, as the formula does."""
    gradient, rate, steps = problem.gradient, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        for _ in range(steps):
            x = x - rate * gradient(x, data)
        return x

    return run


def rate_as_number(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Keep the rate a Python number, where the mode makes it a 0-dimensional array."""
    gradient, steps, minus_rate = problem.gradient, case.steps, -problem.rate_at(x, data)

    def run(x: Parameters, data: Data) -> Parameters:
        for _ in range(steps):
            x = minus_rate * gradient(x, data) + x
        return x

    return run


def into(move: str) -> Builder:
    """Return the builder of a descent that allocates nothing and updates by `move`: number, operators or axpy."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        assert problem.gradient_into is not None, "unsupported() comes first"  # noqa: S101 (as in the mode)
        gradient, steps = problem.gradient_into(x, data), case.steps
        rate: Any = problem.rate_at(x, data)
        (position, positions), (g, gradients) = buffer(x), buffer(x)
        axpy = blas.saxpy if case.dtype == "float32" else blas.daxpy
        scale = np.asarray(rate, dtype=case.dtype)

        def number() -> None:
            np.multiply(gradients, rate, out=gradients)
            np.subtract(positions, gradients, out=positions)

        def operators() -> None:
            nonlocal gradients, positions
            gradients *= scale
            positions -= gradients

        def one_pass() -> None:
            axpy(gradients, positions, a=-rate)

        update = {"number": number, "operators": operators, "axpy": one_pass}[move]

        def run(x: Parameters, data: Data) -> Parameters:
            tree_map(np.copyto, position, x)
            for _ in range(steps):
                gradient(position, data, g)
                update()
            return position

        return run

    return build


def apart(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Compute the value, then the gradient: the two share no work."""
    return hand_derived(PAIR, replace(problem, value_and_gradient=None), 1, x, data)


ALTERNATIVES: Alternatives = {
    "numpy": {
        PAIR: {"the value, then the gradient": apart},
        "descent": {
            "the copy of the start updated in place": updated_in_place,
            "`x - rate * g`, single array only": subtracted,
            "the rate as a Python number, single array only": rate_as_number,
        },
    },
    "numpy-inplace": {
        "descent": {
            "the rate as a Python number": into("number"),
            "`*=` and `-=`": into("operators"),
            "SciPy's axpy, one pass": into("axpy"),
        }
    },
}
