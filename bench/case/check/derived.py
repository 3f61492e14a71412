"""The reference of a problem that nobody derived by hand: a framework's reverse mode, in float64, on the CPU.

It stands in for the hand-derived functions, and takes and returns arrays on the host as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backends import Backend, Case, Run, place
from problems import Array, Problem, sizes_text, tree_leaves, tree_map
from report.table.keys import framework

PREFERRED = ("jax-jit",)
"""Backends that are taken first: without `jit`, JAX takes a hundred times as long."""


class NoReferenceError(Exception):
    """The framework of the reference has no backend for the operator."""


def by_framework(problem: Problem, backends: Mapping[str, Backend], name: str) -> Problem:
    """Return the problem with the value, the gradient and the Hessian-vector product of the framework `name`."""
    operators = {operator: _operator(problem, backends, name, operator) for operator in ("value", "gradient", "hvp")}
    return replace(
        problem,
        gradient=operators["gradient"],
        hvp=operators["hvp"],
        value=None,
        value_and_gradient=None,
        gradient_into=None,
        losses={**problem.losses, "numpy": operators["value"]},
        reference="",
    )


def _operator(problem: Problem, backends: Mapping[str, Backend], name: str, operator: str) -> Callable[..., Any]:
    """Return the operator as a function of arrays on the host, in their dtype. It is compiled once for each shape."""
    runs: dict[object, Run] = {}

    def call(*arguments: Any) -> Any:
        backend = _backend(backends, name, operator)
        case = _case(problem, backend, operator, arguments)
        placed = place(backend, case, *arguments)
        shapes = (case.dtype, *(array.shape for argument in arguments for array in tree_leaves(argument)))
        if shapes not in runs:
            runs[shapes] = backend.compile(case, problem, placed[0], placed[-1])
        result = runs[shapes](*placed)
        backend.wait(result, case)
        fetched = tree_map(_own, backend.fetch(result, case))
        if operator == "value" and np.shape(fetched) != ():
            raise ValueError(f"the loss in {name} has the shape {np.shape(fetched)}: it must be one number")
        return fetched

    return call


def _own(array: Array) -> Array:
    return np.array(array)


def _backend(backends: Mapping[str, Backend], name: str, operator: str) -> Backend:
    """Return the framework's first backend that has the operator for every problem; of JAX, one that is jitted."""
    for backend in sorted(backends.values(), key=lambda backend: backend.name not in PREFERRED):
        if framework(backend.name) == name and operator in backend.builders and not backend.losses:
            return backend
    raise NoReferenceError(f"{name}, whose gradient is the reference, has no backend with the operator {operator}")


def _case(problem: Problem, backend: Backend, operator: str, arguments: tuple[Any, ...]) -> Case:
    dtype = str(tree_leaves(arguments[0])[0].dtype)
    return Case(operator, problem.name, backend.name, 1, dtype, "cpu", 1, sizes_text(problem.sizes))
