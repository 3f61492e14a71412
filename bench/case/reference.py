"""The reference: what a case is called with, what is right by hand in float64, and how far off a result is."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from backends import Case
from problems import ALONG, Array, Parameters, Problem, direction, hand_derived, instance, tree_leaves, tree_map

KEPT = 256
"""References that are kept: the cases are shuffled, and those of all backends share one. A sweep has about 200."""


class WrongResultError(Exception):
    """The backend's result is not the reference's; `relative_error` says how far off."""

    def __init__(self, case: Case, relative_error: float) -> None:
        self.relative_error = relative_error
        super().__init__(
            f"{case.backend}: {case.operator} of {case.problem} is off by {relative_error:.2g} of the hand-derived "
            f"float64 reference; {tolerance(case.dtype):.2g} is allowed in {case.dtype}"
        )


def tolerance(dtype: str) -> float:
    """Return the relative error that a right result may have: half of the digits, √ε of the dtype."""
    return float(np.sqrt(np.finfo(dtype).eps))


def arguments(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return what the operator is called with, on the host: `x, data`, or along a direction `x, v, data`."""
    x, data = _instance(problem, case.batch_size, case.dtype)
    return (x, direction(problem, case.batch_size, x), data) if case.operator in ALONG else (x, data)


# Drawing a million rows takes longer than many a descent on them, and a case asks several times.
_instance = lru_cache(maxsize=1)(instance)


def doubled(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return the case's rounded arguments in float64."""
    return tuple(tree_map(_double, argument) for argument in arguments(case, problem))


def _double(array: Array) -> Array:
    return array.astype("float64") if array.dtype.kind == "f" else array


def expected(case: Case, problem: Problem) -> Parameters:
    """Return the reference: the operator by hand in float64, from the case's rounded arguments."""
    return _expected(problem, replace(case, backend="", device=""))


@lru_cache(maxsize=KEPT)
def _expected(problem: Problem, case: Case) -> Parameters:
    given = doubled(case, problem)
    return hand_derived(case.operator, problem, case.steps, given[0], given[-1])(*given)


def descent_error(case: Case, problem: Problem, end: Parameters, first: Parameters) -> float:
    """Return the error of a descent's end, or that of its first step's move where it is larger: −rate × the gradient.

    The end alone does not tell a wrong gradient: 1.1 times the right one ends at the same minimum.
    """
    start = doubled(case, problem)[0]
    moved = partial(tree_map, np.subtract)
    lost = tree_map(lambda array: tolerance(case.dtype) * np.max(np.abs(array)), start)
    return _worst(
        relative_error(end, expected(case, problem), lost),
        relative_error(moved(first, start), moved(expected(replace(case, steps=1), problem), start), lost),
    )


def relative_error(result: Parameters, reference: Parameters, lost: Parameters = 0.0) -> float:
    """Return the largest error of an array of the result; infinite for another number of them.

    `lost` is the magnitude, for each array, below which the rounding of what it was computed from leaves no digits.
    """
    if len(tree_leaves(result)) != len(tree_leaves(reference)):
        return math.inf
    lost = lost if isinstance(lost, tuple) else (lost,) * len(tree_leaves(result))
    return _worst(*map(_array_error, tree_leaves(result), tree_leaves(reference), lost))


def _worst(*errors: float) -> float:
    """Return the largest error; NaN where one is, which Python's own `max` may pass over."""
    return float(np.max(errors))


def _array_error(result: Array, reference: Array, lost: float) -> float:
    """Return the largest deviation over the largest magnitude of the reference; infinite for another shape."""
    result = np.asarray(result, dtype="float64")
    if result.shape != reference.shape:
        return math.inf
    scale = max(float(np.max(np.abs(reference))), lost) or 1.0
    return float(np.max(np.abs(result - reference))) / scale
