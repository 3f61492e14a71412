"""A value and a gradient from one pass: each is held to its own tolerance, and to the point that was asked about."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import problems
from backends import Case, Run
from backends.numpy_modes import NumpyMode, hand_derived
from bench.case import prepare
from bench.case.check import errors, reference
from bench.case.check.answers import require_answers
from bench.case.check.derivation import WrongReferenceError, require_right
from bench.case.check.errors import WrongResultError
from bench.case.check.question import question
from problems import PAIR, Array, Data, Parameters, Problem
from tests.nested import NESTED

Both = tuple[Any, Any]

QUADRATIC = problems.load()["quadratic"]
CASE = Case(PAIR, "quadratic", "numpy", 100, "float32", "cpu", 1)

HIGH = replace(
    QUADRATIC, loss=lambda xp, x, data: QUADRATIC.loss(xp, x, data) + 1e9, value_and_gradient=None, name="high"
)
"""Its value is a billion times its gradient."""

STEEP = Problem(
    "steep",
    lambda xp, x, _data: xp.sum(x * x),
    lambda x, _data: 2.0 * x,
    lambda rng, batch_size: (1e-9 * rng.random(batch_size), ()),
    rate=0.1,
)
"""Its gradient is ten million times its value."""

LINEAR = Problem(
    "linear",
    lambda xp, x, _data: xp.sum(3.0 * x),
    lambda x, _data: np.full_like(x, 3.0),
    lambda rng, batch_size: (rng.random(batch_size), ()),
    rate=0.1,
)
"""Its gradient is the same everywhere."""


def mode(change: Callable[[Both], Any]) -> NumpyMode:
    """Return NumPy with each pair changed."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        run = hand_derived(problem, case, x, data)
        return lambda x, data: change(run(x, data))

    return NumpyMode("numpy", {PAIR: build})


def answers(backend: NumpyMode, problem: Problem, batch_size: int = 100) -> None:
    """Prepare the pair, and check it as the race does after the rounds."""
    case = replace(CASE, problem=problem.name, batch_size=batch_size)
    ready = prepare.prepare(case, backend, problem)
    require_answers(case, backend, problem, ready.placed, ready.run)


WRONG = {
    "value": lambda both: (both[0] * np.float32(1.01), both[1]),
    "gradient": lambda both: (both[0], both[1] * np.float32(1.01)),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("problem", [QUADRATIC, HIGH, STEEP, LINEAR], ids=lambda problem: problem.name)
def test_a_wrong_part_is_found_however_large_the_other_one_is(problem: Problem, wrong: str) -> None:
    answers(mode(lambda both: both), problem)
    with pytest.raises(WrongResultError, match=r"value_and_gradient of \w+ is off by 0\.0"):
        answers(mode(WRONG[wrong]), problem)


@pytest.mark.parametrize(("problem", "wrong"), [(HIGH, "gradient"), (STEEP, "value")], ids=["high", "steep"])
def test_relative_to_the_larger_part_the_wrong_one_would_be_right(problem: Problem, wrong: str) -> None:
    """The control of the test above."""
    case = replace(CASE, problem=problem.name)
    right = reference.expected(case, problem)
    assert errors.relative_error(WRONG[wrong](right), right, dtype="float32") < errors.tolerance("float32")
    assert errors.result_error(case, WRONG[wrong](right), right) == pytest.approx(0.01)


def stale(part: int) -> Callable[[Both], Both]:
    """Return a change that keeps a part of the first pair, and so has it of another point from then on."""
    first: list[Any] = []

    def change(both: Both) -> Both:
        first.append(both[part])
        return (first[0], both[1]) if part == 0 else (both[0], first[0])

    return change


@pytest.mark.parametrize("batch_size", [1, 100, 100_000])
@pytest.mark.parametrize("part", [0, 1], ids=["value", "gradient"])
def test_a_part_of_another_point_is_found(part: int, batch_size: int) -> None:
    """Of a large batch the value is nearly the same from another draw: the start is moved until it changes too."""
    with pytest.raises(WrongResultError, match="of another start, direction and data"):
        answers(mode(stale(part)), QUADRATIC, batch_size)


def test_a_stale_value_is_found_beside_a_gradient_that_never_changes() -> None:
    assert question(replace(CASE, problem="linear"), LINEAR) is not None
    with pytest.raises(WrongResultError, match="of another start, direction and data"):
        answers(mode(stale(0)), LINEAR)


class Thunk:
    """A number or an array that is computed when somebody looks at it."""

    def __init__(self, shape: tuple[int, ...], compute: Callable[[], Any]) -> None:
        self.shape, self.compute = shape, compute

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.compute(), dtype=dtype)


def lazy_value(problem: Problem, x: Array, data: Data) -> Both:
    return Thunk((), lambda: problem.numpy_loss(x, data)), problem.gradient(x, data)


def lazy_gradient(problem: Problem, x: Array, data: Data) -> Both:
    return problem.numpy_loss(x, data), Thunk(x.shape, lambda: problem.gradient(x, data))


@pytest.mark.parametrize("lazy", [lazy_value, lazy_gradient])
def test_a_part_that_is_computed_when_it_is_fetched_is_found(lazy: Callable[..., Both]) -> None:
    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return lambda x, data: lazy(problem, x, data)

    with pytest.raises(WrongResultError, match="once its start was overwritten"):
        answers(NumpyMode("numpy", {PAIR: build}), QUADRATIC)


@pytest.mark.parametrize(
    "change",
    [list, lambda both: both[::-1], lambda both: (*both, both[1]), lambda both: both[1], lambda both: both[0]],
    ids=["a list", "the gradient first", "three", "the gradient alone", "the value alone"],
)
def test_what_is_no_pair_is_infinitely_wrong(change: Callable[[Both], Any]) -> None:
    right = reference.expected(CASE, QUADRATIC)
    assert errors.result_error(CASE, change(right), right) == math.inf


@pytest.mark.parametrize("wrong", WRONG)
def test_a_pair_that_was_derived_wrongly_blames_nobody_else(wrong: str) -> None:
    derived = QUADRATIC.value_and_gradient
    assert derived is not None
    off = replace(QUADRATIC, value_and_gradient=lambda x, data: WRONG[wrong](derived(x, data)))
    require_right(off, "gradient", 7)
    with pytest.raises(WrongReferenceError, match=r"value_and_gradient of quadratic is off by 0\.01"):
        require_right(off, PAIR, 7)


@pytest.mark.parametrize("problem", NESTED.values(), ids=NESTED)
def test_without_a_pair_of_its_own_a_problem_has_its_value_and_its_gradient(problem: Problem) -> None:
    x, data = problems.instance(problem, 7, "float64")
    value, gradient = problems.hand_derived(PAIR, problem, 1, x, data)(x, data)
    assert value == problem.numpy_loss(x, data)
    assert errors.relative_error(gradient, problem.gradient(x, data)) == 0.0


def test_a_backend_from_before_this_operator_does_not_support_it() -> None:
    older = NumpyMode("numpy", {"descent": hand_derived, "gradient": hand_derived})
    refused = prepare.refusal(CASE, older, QUADRATIC)
    assert refused == ("unsupported", "numpy has no value_and_gradient; it has descent, gradient")
