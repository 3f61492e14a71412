"""Does the answer depend on the question? The right answer to another one: another start, direction and data.

A program that computed its answer while compiling, that remembers its first one, or that kept the data, is right for
the arrays that it was compiled for. The same descent from another start often ends at the same minimum, so the other
start is moved away until the answer changes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from backends import Case
from bench.case.check.errors import largest, tolerance
from bench.case.check.kept import kept, named
from bench.case.check.reference import MAX_KEPT, WELL_POSED, arguments, by_hand, double, expected, other_error
from problems import (
    ALONG,
    Array,
    Parameters,
    Problem,
    direction,
    instance,
    tree_leaves,
    tree_map,
    tree_unflatten,
)

NUDGE = 0.01
"""How far a nudged start is from the start, relative to the size of each array of the parameters."""

FACTORS = (1.0, 1e2, 1e4, 1e6, 1e8)
"""By what the other start is multiplied, until the answer is another one."""

CHANGE = 10.0
"""Another answer differs from the answer by at least so many tolerances."""


def nudged(case: Case, problem: Problem) -> Parameters:
    """Return a start near the case's own, in its dtype, read-only."""
    x = arguments(case, problem)[0]
    return tree_map(_nudged, x, direction(problem, case.batch_size, x))


def _nudged(array: Array, v: Array) -> Array:
    return _frozen(array + NUDGE * (np.max(np.abs(array)) or 1.0) * v, array.dtype)


def _frozen(array: Array, dtype: Any) -> Array:
    array = np.asarray(array, dtype=dtype, order="C")
    array.setflags(write=False)
    return array


def question(case: Case, problem: Problem) -> tuple[tuple[Any, ...], Parameters] | None:
    """Return other arguments of the operator, and the right answer to them; `None` if none were found.

    None are found if the answer hardly depends on the arguments, or if the dtype has too few digits to answer. Of a
    value and a gradient both change, if possible: one of them may be that of another point.
    """
    bare = replace(case, backend="", device="")
    factor, answer = _answered(problem, bare)
    return None if answer is None else (_others(problem, bare, factor), answer)


@lru_cache(maxsize=MAX_KEPT)
def _answered(problem: Problem, case: Case) -> tuple[float, Parameters | None]:
    """Return the factor of the start, and the answer from there."""
    usual = expected(case, problem)

    def search() -> tuple[Array, ...]:
        found: tuple[Array, ...] = (np.array(0.0),)
        for factor in FACTORS:
            changed, answer = _answer(problem, case, _others(problem, case, factor), usual)
            if all(changed) or (any(changed) and len(found) == 1):
                found = (np.array(factor), *tree_leaves(answer))
            if all(changed):
                break
        return found

    factor, *answer = kept(("question", named(problem), vars(case)), search)
    return float(factor), tree_unflatten(usual, answer) if answer else None


def _answer(problem: Problem, case: Case, others: tuple[Any, ...], usual: Parameters) -> tuple[list[bool], Parameters]:
    """Return whether each part of the answer is another one, and the right answer.

    No part is, if the dtype cannot tell the answer.
    """
    with np.errstate(all="ignore"):  # a start far away may overflow
        exact, rounded = (by_hand(case, problem, given) for given in (double(others), others))
        is_told = largest(*other_error(case, problem, others, rounded, exact)) <= WELL_POSED * tolerance(case.dtype)
        changes = other_error(case, problem, others, usual, exact)
        return [is_told and change >= CHANGE * tolerance(case.dtype) for change in changes], exact


def _others(problem: Problem, case: Case, factor: float) -> tuple[Any, ...]:
    x, data = _drawn(problem, case.batch_size, case.dtype)
    start = tree_map(lambda array: _frozen(factor * array, array.dtype), x)
    return (start, direction(problem, case.batch_size, x, "another"), data) if case.operator in ALONG else (start, data)


@lru_cache(maxsize=1)
def _drawn(problem: Problem, batch_size: int, dtype: str) -> tuple[Parameters, Any]:
    """Return another draw of the start and the data. The start is nudged: some problems always start at one point."""
    x, data = instance(problem, batch_size, dtype, "another")
    return tree_map(_nudged, x, direction(problem, batch_size, x)), data
