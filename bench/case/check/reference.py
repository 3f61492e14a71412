"""The reference: the arguments of a case, the right result in float64, and the error of a result."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from backends import Backend, Case
from bench.case.check.ends import BY_LOSS, end_error
from bench.case.check.errors import largest, magnitude, move_error, part_errors, result_error, tolerance
from bench.case.check.kept import kept, named
from problems import (
    ALONG,
    SGD,
    Array,
    Parameters,
    Problem,
    direction,
    hand_derived,
    instance,
    result_of,
    tree_leaves,
    tree_map,
)

MAX_KEPT = 256
"""How many results are kept. Cases come in random order and all backends share a result; a sweep has about 200."""

WELL_POSED = 0.2
"""The dtype has enough digits for an answer if the reference in that dtype finds it within this share of the tolerance.

Otherwise rounding alone could accuse an honest backend.
"""

ULPS = (0.0, 1.0, -1.0)
"""By how many roundings a start is moved, to see what rounding makes of the end of a descent."""

ROUNDED = 10.0
"""If rounding alone changes the end of a descent, that end may be off by this many times what the reference's is."""


def allowed_error(backend: Backend, case: Case) -> float:
    """Return the largest relative error of a right result of the backend: by the precision in which it multiplies."""
    return tolerance(case.dtype, precision_of(backend, case))


def precision_of(backend: Backend, case: Case) -> str:
    """Return the precision in which the backend multiplies the case's arrays: its dtype's, or on a GPU a lower one."""
    probe = backend.probes.precision
    return case.dtype if probe is None or case.dtype != "float32" else probe(case.device)


def arguments(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return the operator's arguments on the host: `x, data`, or `x, v, data` if it takes a direction `v`."""
    x, data = _instance(problem, case.batch_size, case.dtype)
    return (x, direction(problem, case.batch_size, x), data) if case.operator in ALONG else (x, data)


# A case asks for its arguments several times, and to draw a million rows takes longer than many descents on them.
_instance = lru_cache(maxsize=1)(instance)


def doubled(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return the case's arguments, rounded to its dtype and then converted to float64."""
    return double(arguments(case, problem))


def double(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of an operator with their floats as float64, and all other arrays as they are."""
    return tuple(tree_map(_double, argument) for argument in given)


def _double(array: Array) -> Array:
    return array.astype("float64") if array.dtype.kind == "f" else array


def expected(case: Case, problem: Problem) -> Parameters:
    """Return the right result: the hand-derived operator in float64, called with the case's rounded arguments."""
    return _expected(problem, replace(case, backend="", device=""))


@lru_cache(maxsize=MAX_KEPT)
def _expected(problem: Problem, case: Case) -> Parameters:
    arrays = kept(("expected", named(problem), vars(case)), lambda: by_hand(case, problem, doubled(case, problem)))
    return result_of(case.operator, arguments(case, problem)[0], arrays)


def by_hand(case: Case, problem: Problem, given: tuple[Any, ...]) -> Parameters:
    """Return the result of the hand-derived operator for these arguments, in their dtype."""
    build = hand_derived(case.operator, problem, case.steps, given[0], given[-1], case.optimizer)
    result: Parameters = build(*given)
    return result


def answer_error(case: Case, problem: Problem, result: Parameters) -> float:
    """Return the relative error of the case's result; of a descent, that of its end.

    The end of a descent is measured against the rounding of its start too: where it comes near 0, no digits are left.
    An array whose end rounding alone changes is held to what rounding makes of the reference. So is a loss.
    """
    if case.optimizer in BY_LOSS:
        error = _end_error(case, problem, result)
        off = max(_end_error(case, problem, _rounded(case, problem, ulps)) for ulps in ULPS)
        allowed = tolerance(case.dtype)
        return error / max(1.0, ROUNDED * off / allowed) if off > WELL_POSED * allowed else error
    scale = _end_scale(case, problem) if case.operator == "descent" else 0.0
    return result_error(case, result, expected(case, problem), scale)


def _end_error(case: Case, problem: Problem, end: Parameters) -> float:
    return end_error(case, problem, doubled(case, problem), end, expected(case, problem))


def other_error(
    case: Case, problem: Problem, given: tuple[Any, ...], result: Parameters, right: Parameters
) -> tuple[float, ...]:
    """Return the errors of the parts of a result for these arguments, where `right` is right."""
    if case.optimizer in BY_LOSS:
        return (end_error(case, problem, double(given), result, right),)
    return part_errors(case, result, right)


def _end_scale(case: Case, problem: Problem) -> Parameters:
    allowed = tolerance(case.dtype)

    def scale(least: float, right: Array, *rounded: Array) -> float:
        size, off = max(magnitude(right), least), max(magnitude(end - right) for end in rounded)
        return max(least, ROUNDED * off / allowed) if off > WELL_POSED * allowed * size else least

    ends = (_rounded(case, problem, ulps) for ulps in ULPS)
    return tree_map(scale, _start_scale(case, problem), expected(case, problem), *ends)


def _rounded(case: Case, problem: Problem, ulps: float = 0.0) -> Parameters:
    """Return the result of the reference in the case's own dtype, from a start that is moved by some roundings."""
    bare, (x, *others) = replace(case, backend="", device=""), arguments(case, problem)
    factor = 1.0 + ulps * float(np.finfo(case.dtype).eps)
    moved = tree_map(lambda array: (array * factor).astype(array.dtype), x)
    arrays = kept(("rounded", named(problem), vars(bare), ulps), lambda: by_hand(bare, problem, (moved, *others)))
    return result_of(case.operator, x, arrays)


def first_step_error(case: Case, problem: Problem, first: Parameters) -> float:
    """Return the relative error of a descent's first step: that of its move, which is −rate × the gradient.

    The end alone does not show a wrong gradient: a descent along 1.1 times the right gradient ends at the same minimum.
    """
    start, right = doubled(case, problem)[0], expected(replace(case, steps=1), problem)
    return move_error(start, first, right, _start_scale(case, problem), case.dtype)


def own_error(case: Case, problem: Problem) -> float:
    """Return the error of the reference itself, computed in the case's dtype: what rounding alone leaves."""
    if case.optimizer in BY_LOSS:
        return _end_error(case, problem, _rounded(case, problem))
    descends = case.operator == "descent"
    scale = _start_scale(case, problem) if descends else 0.0
    error = result_error(case, _rounded(case, problem), expected(case, problem), scale)
    if case.optimizer != SGD:
        return error
    return largest(error, first_step_error(case, problem, _rounded(replace(case, steps=1), problem)))


def rounding_drift(case: Case, problem: Problem) -> float:
    """Return how far rounding moves the end of the reference's descent, as a share of the way from its start.

    Both are the largest among all parameters; where ends are compared by their loss, the share is one of losses.
    """
    if case.optimizer in BY_LOSS:
        return _end_error(case, problem, _rounded(case, problem, ULPS[-1]))
    start, right = doubled(case, problem)[0], expected(case, problem)
    off, way = (
        max(map(magnitude, tree_leaves(tree_map(np.subtract, end, origin))))
        for end, origin in ((_rounded(case, problem, ULPS[-1]), right), (right, start))
    )
    return off / way if way else 0.0


def _start_scale(case: Case, problem: Problem) -> Parameters:
    start = arguments(case, problem)[0]
    return tree_map(lambda array: tolerance(case.dtype) * magnitude(array), start)
