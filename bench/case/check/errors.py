"""How far a result is from the right one: its relative error, and what may be left of it."""

from __future__ import annotations

import itertools
import math

import numpy as np

from backends import Case
from backends.precision import FRACTION_BITS
from problems import PAIR, Array, Parameters, structure, tree_leaves, tree_map

SMALL = 10.0
"""An array is held to this many tolerances of the largest array, if it is smaller than that."""


class WrongResultError(Exception):
    """The backend's result differs from the reference's by `relative_error`, and `allowed` is allowed.

    `how` says in which call, if it is not that of the case itself.
    """

    def __init__(self, case: Case, relative_error: float, allowed: float, how: str = "") -> None:
        self.relative_error = relative_error
        super().__init__(
            f"{case.backend}: {case.operator} of {case.problem}{how and f' {how}'} is off by {relative_error:.2g} of "
            f"the float64 reference; {allowed:.2g} is allowed"
        )


def require_close(case: Case, error: float, allowed: float, how: str = "") -> None:
    """Raise `WrongResultError` if the relative error is larger than allowed, or NaN."""
    if not error <= allowed:  # not `>`: a NaN is wrong too
        raise WrongResultError(case, error, allowed, how)


def tolerance(dtype: str, precision: str | None = None) -> float:
    """Return the largest relative error of a right result: √ε of the dtype, which is half of its digits.

    If products are computed in a lower `precision` than that of the dtype (`backends.precision`), it is √ε of that.
    """
    eps = 2.0 ** -FRACTION_BITS[precision] if precision in FRACTION_BITS else float(np.finfo(dtype).eps)
    return math.sqrt(eps)


def result_error(case: Case, result: Parameters, right: Parameters, min_scale: Parameters = 0.0) -> float:
    """Return the relative error of a result of the case's operator: the largest of `part_errors`."""
    return largest(*part_errors(case, result, right, min_scale))


def part_errors(case: Case, result: Parameters, right: Parameters, min_scale: Parameters = 0.0) -> tuple[float, ...]:
    """Return the relative error of the result; of a value and a gradient, that of each by itself.

    Relative to the larger of the two, a wrong gradient beside a huge value would be right, and the other way round.
    """
    if case.operator != PAIR:
        return (relative_error(result, right, min_scale, case.dtype),)
    if not alike(result, right):
        return (math.inf, math.inf)
    return tuple(relative_error(part, of, dtype=case.dtype) for part, of in zip(result, right, strict=True))


def relative_error(
    result: Parameters, reference: Parameters, min_scale: Parameters = 0.0, dtype: str = "float64"
) -> float:
    """Return the largest relative error among the arrays of the result; infinite for another nesting or shape.

    An error is relative to the largest magnitude of the reference's array, but at least to `min_scale`, one number for
    all arrays or one for each: below it, the rounding of the inputs leaves no digits. Nor does `dtype` leave digits in
    an array that is this small beside the largest: the gradient of a parameter without effect is rounding alone.
    """
    if not alike(result, reference):
        return math.inf
    scales = itertools.repeat(min_scale) if isinstance(min_scale, float) else tree_leaves(min_scale)
    least = SMALL * tolerance(dtype) * max(map(magnitude, tree_leaves(reference)))
    return largest(
        *(
            _array_error(ours, right, max(scale, least))
            for ours, right, scale in zip(tree_leaves(result), tree_leaves(reference), scales, strict=False)
        )
    )


def move_error(start: Parameters, end: Parameters, right: Parameters, min_scale: Parameters, dtype: str) -> float:
    """Return the relative error of a move from `start`: that to `end`, where that to `right` is right."""
    if not alike(end, right):
        return math.inf
    move, right_move = (tree_map(np.subtract, reached, start) for reached in (end, right))
    return relative_error(move, right_move, min_scale, dtype)


def alike(result: Parameters, reference: Parameters) -> bool:
    """Whether the result is nested like the reference, and its arrays have the same shapes."""
    if structure(result) != structure(reference):
        return False
    return [*map(np.shape, tree_leaves(result))] == [*map(np.shape, tree_leaves(reference))]


def largest(*errors: float) -> float:
    """Return the largest error, or NaN if any of them is NaN. Python's own `max` may ignore a NaN."""
    return float(np.max(errors))


def magnitude(array: Array) -> float:
    return float(np.max(np.abs(array)))


def _array_error(result: Array, reference: Array, min_scale: float) -> float:
    """Return the largest deviation over the largest magnitude of the reference."""
    result = np.asarray(result, dtype="float64")
    scale = max(magnitude(reference), min_scale) or 1.0
    return float(np.max(np.abs(result - reference))) / scale
