"""Does the answer depend on the question? The right answer from another start, where it is another answer.

A program that computed its answer while compiling, or that remembers its first one, is right at the start that it was
compiled for. The same descent from another start often ends at the same minimum. So the other start is moved away until
the answer changes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from backends import Case
from bench.case.check.kept import kept
from bench.case.check.reference import MAX_KEPT, arguments, doubled, expected, named, relative_error, tolerance
from problems import Array, Parameters, Problem, direction, hand_derived, tree_leaves, tree_map, tree_unflatten

NUDGE = 0.01
"""How far the other start is from the start, relative to the size of each array of the parameters."""

FACTORS = (1.0, 1e2, 1e4, 1e6, 1e8)
"""By what the other start is multiplied, until the answer is another one."""

CHANGE = 10.0
"""Another answer differs from the answer by at least so many tolerances."""

WELL_POSED = 0.2
"""The reference in the case's own dtype must find the answer within this share of the tolerance. Otherwise rounding
alone could accuse an honest backend."""


class Question(NamedTuple):
    """A start, and the right answer from there in float64."""

    start: Parameters
    answer: Parameters


def nudged(case: Case, problem: Problem) -> Parameters:
    """Return a start near the case's own, in its dtype, read-only."""
    x = arguments(case, problem)[0]
    return tree_map(_nudged, x, direction(problem, case.batch_size, x))


def _nudged(array: Array, v: Array) -> Array:
    return _frozen(array + NUDGE * (np.max(np.abs(array)) or 1.0) * v, array.dtype)


def _frozen(array: Array, dtype: Any) -> Array:
    array = np.ascontiguousarray(array, dtype=dtype)
    array.setflags(write=False)
    return array


def question(case: Case, problem: Problem) -> Question | None:
    """Return another start from which the operator has another answer; `None` if none was found.

    None is found if the answer hardly depends on the start, or if the dtype has too few digits to answer.
    """
    return _question(problem, replace(case, backend="", device=""))


@lru_cache(maxsize=MAX_KEPT)
def _question(problem: Problem, case: Case) -> Question | None:
    near, usual = nudged(case, problem), expected(case, problem)

    def search() -> tuple[Array, ...]:
        for factor in FACTORS:
            answer = _answer(problem, case, _scaled(near, factor), usual)
            if answer is not None:
                return (np.array(factor), *tree_leaves(answer))
        return (np.array(0.0),)

    factor, *answer = kept(("question", named(problem), vars(case)), search)
    return Question(_scaled(near, float(factor)), tree_unflatten(usual, answer)) if factor else None


def _answer(problem: Problem, case: Case, start: Parameters, usual: Parameters) -> Parameters | None:
    """Return the right answer from this start; `None` if it is not another answer, or if the dtype cannot tell it."""
    with np.errstate(all="ignore"):  # a start far away may overflow
        exact = _by_hand(problem, case, tree_map(lambda array: array.astype("float64"), start), doubled(case, problem))
        rounded = _by_hand(problem, case, start, arguments(case, problem))
        another = relative_error(usual, exact) >= CHANGE * tolerance(case.dtype)
        return exact if another and relative_error(rounded, exact) <= WELL_POSED * tolerance(case.dtype) else None


def _by_hand(problem: Problem, case: Case, start: Parameters, arguments: tuple[Any, ...]) -> Parameters:
    run = hand_derived(case.operator, problem, case.steps, start, arguments[-1])
    result: Parameters = run(start, *arguments[1:])
    return result


def _scaled(x: Parameters, factor: float) -> Parameters:
    return tree_map(lambda array: _frozen(factor * array, array.dtype), x)
