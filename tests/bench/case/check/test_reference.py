"""The reference of a nested problem: another nesting is wrong, and what is kept in a folder is read nested."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends import Case
from bench.case.check import derivation, errors, kept, question, reference
from problems import OPERATORS, Problem, structure, tree_leaves, tree_map
from tests.nested import NESTED, Head

A = np.ones(2)
EACH = pytest.mark.parametrize("problem", NESTED.values(), ids=NESTED)


@pytest.mark.parametrize(
    ("result", "right"),
    [
        ([A, A], (A, A)),
        ((A, A), Head(A, A)),
        (Head(A, A), (A, A)),
        ({"a": A}, {"b": A}),
        ({"a": A}, A),
        (A, [A]),
        ((A, (A,)), ((A,), A)),
        ((A, A), (A, A, A)),
        ({"a": np.ones(())}, {"a": np.ones(1)}),
        ((A, None), (A, A)),
    ],
)
def test_a_result_of_another_nesting_or_shape_is_infinitely_wrong(result: Any, right: Any) -> None:
    assert errors.relative_error(right, right) == 0.0
    assert errors.relative_error(result, right) == math.inf
    assert errors.move_error(right, result, right, 0.0, "float64") == math.inf


def test_the_order_of_keys_is_no_difference() -> None:
    assert errors.relative_error({"b": 2.0 * A, "a": A}, {"a": A, "b": 2.0 * A}) == 0.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in which results are kept. What this process remembers itself is forgotten."""
    caches = (reference._expected, question._answered, derivation._errors)
    kept.keep_in(tmp_path)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    kept._folders.clear()
    for cache in caches:
        cache.cache_clear()


@EACH
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_kept_answer_is_read_as_it_was_computed(folder: Path, problem: Problem, operator: str) -> None:
    case = Case(operator, problem.name, "numpy", 7, "float32", "cpu", 3)
    computed = reference.by_hand(case, problem, reference.doubled(case, problem))
    asked = question.question(case, problem)
    for _ in ("written", "read"):
        expected = reference.expected(case, problem)
        assert errors.result_error(case, expected, computed) == 0.0
        reference._expected.cache_clear()
    question._answered.cache_clear()
    again = question.question(case, problem)
    assert asked is not None
    assert again is not None
    assert errors.result_error(case, again[1], asked[1]) == 0.0
    assert len(list(folder.iterdir())) == 2


@EACH
def test_a_hand_derived_gradient_of_another_nesting_is_wrong(problem: Problem) -> None:
    derivation.require_right(problem, "hvp", 7)
    for wrong in (tree_leaves, partial(tree_map, np.atleast_1d)):
        other = replace(problem, gradient=composed(wrong, problem.gradient))
        with pytest.raises(derivation.WrongReferenceError, match=r"the reference's gradient of .* is off by inf"):
            derivation.require_right(other, "gradient", 7)


def composed(outer: Callable[[Any], Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, data: outer(inner(x, data))


@EACH
def test_an_error_has_the_nesting_of_its_scales(problem: Problem) -> None:
    case = Case("descent", problem.name, "numpy", 7, "float32", "cpu", 3)
    assert structure(reference._start_scale(case, problem)) == structure(reference.expected(case, problem))
    assert reference.own_error(case, problem) < errors.tolerance("float32")
