"""The reference: the arguments of a case, the right result in float64, and the error of a result."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from backends import Case
from backends.precision import FRACTION_BITS
from problems import ALONG, Array, Parameters, Problem, direction, hand_derived, instance, tree_leaves, tree_map

MAX_KEPT = 256
"""How many results are kept. Cases come in random order and all backends share a result; a sweep has about 200."""


class WrongResultError(Exception):
    """The backend's result differs from the reference's. `relative_error` says by how much."""

    def __init__(self, case: Case, relative_error: float, precision: str | None = None) -> None:
        self.relative_error = relative_error
        super().__init__(
            f"{case.backend}: {case.operator} of {case.problem} is off by {relative_error:.2g} of the hand-derived "
            f"float64 reference; {tolerance(case.dtype, precision):.2g} is allowed in "
            f"{precision or case.dtype}"
        )


def tolerance(dtype: str, precision: str | None = None) -> float:
    """Return the largest relative error of a right result: √ε of the dtype, which is half of its digits.

    If products are computed in a lower `precision` than that of the dtype (`backends.precision`), it is √ε of that.
    """
    eps = 2.0 ** -FRACTION_BITS[precision] if precision in FRACTION_BITS else float(np.finfo(dtype).eps)
    return math.sqrt(eps)


def arguments(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return the operator's arguments on the host: `x, data`, or `x, v, data` if it takes a direction `v`."""
    x, data = _instance(problem, case.batch_size, case.dtype)
    return (x, direction(problem, case.batch_size, x), data) if case.operator in ALONG else (x, data)


# A case asks for its arguments several times, and to draw a million rows takes longer than many descents on them.
_instance = lru_cache(maxsize=1)(instance)


def doubled(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return the case's arguments, rounded to its dtype and then converted to float64."""
    return tuple(tree_map(_double, argument) for argument in arguments(case, problem))


def _double(array: Array) -> Array:
    return array.astype("float64") if array.dtype.kind == "f" else array


def expected(case: Case, problem: Problem) -> Parameters:
    """Return the right result: the hand-derived operator in float64, called with the case's rounded arguments."""
    return _expected(problem, replace(case, backend="", device=""))


def keep_in(folder: Path) -> None:
    """Keep every right result in this folder too, where other processes find it."""
    _folders[:] = [folder]


_folders: list[Path] = []
"""The folder of `keep_in`, if any."""


@lru_cache(maxsize=MAX_KEPT)
def _expected(problem: Problem, case: Case) -> Parameters:
    path = _folders[0] / f"{_digest(problem, case)}.npz" if _folders else None
    if path is not None and path.exists():
        return _read(path)
    rounded = doubled(case, problem)
    result = hand_derived(case.operator, problem, case.steps, rounded[0], rounded[-1])(*rounded)
    if path is not None:
        _write(path, result)
    return result


def _digest(problem: Problem, case: Case) -> str:
    """Return a name for the case's result: of the problem with its sizes, and of all fields of the case."""
    return hashlib.sha256(repr((problem.name, sorted(problem.sizes.items()), vars(case))).encode()).hexdigest()


def _write(path: Path, result: Parameters) -> None:
    """Write the result so that a reader finds it whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, *tree_leaves(result), tree=np.array(isinstance(result, tuple)))
    part.replace(path)


def _read(path: Path) -> Parameters:
    with np.load(path) as kept:
        arrays = tuple(kept[f"arr_{index}"] for index in range(len(kept.files) - 1))
        return arrays if kept["tree"] else arrays[0]


def descent_error(case: Case, problem: Problem, end: Parameters, first: Parameters) -> float:
    """Return the relative error of a descent: that of its `end` or of its first step, whichever is larger.

    `first` is where the first step arrives. Its error is that of the move, which is −rate × the gradient. The end alone
    does not show a wrong gradient: a descent along 1.1 times the right gradient ends at the same minimum.
    """
    start = doubled(case, problem)[0]

    def move(end: Parameters) -> Parameters:
        return tree_map(np.subtract, end, start)

    min_scale = tree_map(lambda array: tolerance(case.dtype) * np.max(np.abs(array)), start)
    return _largest(
        relative_error(end, expected(case, problem), min_scale),
        relative_error(move(first), move(expected(replace(case, steps=1), problem)), min_scale),
    )


def relative_error(result: Parameters, reference: Parameters, min_scale: Parameters = 0.0) -> float:
    """Return the largest relative error among the arrays of the result; infinite for another number of arrays.

    An error is relative to the reference's largest magnitude, but at least to `min_scale`, one number for all arrays
    or one for each: below it, the rounding of the inputs leaves no digits.
    """
    if len(tree_leaves(result)) != len(tree_leaves(reference)):
        return math.inf
    scales = min_scale if isinstance(min_scale, tuple) else (min_scale,) * len(tree_leaves(result))
    return _largest(*map(_array_error, tree_leaves(result), tree_leaves(reference), scales))


def _largest(*errors: float) -> float:
    """Return the largest error, or NaN if any of them is NaN. Python's own `max` may ignore a NaN."""
    return float(np.max(errors))


def _array_error(result: Array, reference: Array, min_scale: float) -> float:
    """Return the largest deviation over the largest magnitude of the reference; infinite for another shape."""
    result = np.asarray(result, dtype="float64")
    if result.shape != reference.shape:
        return math.inf
    scale = max(float(np.max(np.abs(reference))), min_scale) or 1.0
    return float(np.max(np.abs(result - reference))) / scale
