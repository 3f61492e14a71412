"""Every step counts: a descent that lacks one is wrong, though its end may look right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case, Run, Stepwise
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.check import reference, steps
from bench.case.check.errors import WrongResultError
from problems import Data, Parameters, Problem, hand_derived, sizes_text
from tests.built_in import BUILT_IN

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]
CASE = Case("descent", "quadratic", "numpy", 100, "float32", "cpu", 100)


def by_hand(count: Callable[[int], int]) -> NumpyMode:
    """Return NumPy with `count(steps)` steps, where the case has `steps`."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return hand_derived("descent", problem, count(case.steps) if case.steps > 1 else 1, x, data)

    return NumpyMode("numpy", {"descent": build})


def check(backend: NumpyMode, case: Case, problem: Problem) -> None:
    placed = reference.arguments(case, problem)
    steps.require_every_step(case, backend, problem, placed, backend.compile(case, problem, *placed))


@pytest.mark.parametrize("dtype", backends.DTYPES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_one_step_too_few_or_too_many_is_wrong_and_the_right_number_is_right(name: str, dtype: str) -> None:
    problem = problems.load()[name]
    case = replace(CASE, problem=name, dtype=dtype, steps=problem.steps, sizes=sizes_text(problem.sizes), batch_size=7)
    check(by_hand(lambda steps: steps), case, problem)
    for other in (lambda steps: steps - 1, lambda steps: steps + 1):
        with pytest.raises(WrongResultError, match=f"in the move of {problem.steps} steps"):
            check(by_hand(other), case, problem)


@pytest.mark.parametrize("share", [0.5, 0.6])
def test_a_descent_that_has_converged_before_its_last_steps_must_make_them(share: float) -> None:
    """In float32 the parabola has converged by then: the end and the first step are right."""
    backend = by_hand(lambda steps: int(share * steps))
    with pytest.raises(WrongResultError, match="in the move of 100 steps"):
        prepare.prepare(CASE, backend, QUADRATIC)


def test_an_answer_that_was_computed_while_compiling_is_wrong() -> None:
    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        answer = hand_derived("descent", problem, case.steps, x, data)(x, data)
        return lambda _x, _data: answer

    with pytest.raises(WrongResultError, match="from another start"):
        prepare.prepare(CASE, NumpyMode("numpy", {"descent": build}), QUADRATIC)


def stepwise(step: Callable[..., Any], count: int) -> NumpyMode:
    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return Stepwise(step, min(count, case.steps))

    return NumpyMode("numpy", {"descent": build})


def test_a_loop_of_the_harness_is_held_to_its_number_of_steps() -> None:
    def step(x: Any) -> Any:
        return x - np.float32(0.1) * (2.0 * x - 2.0)

    prepare.prepare(CASE, stepwise(step, 100), QUADRATIC)
    with pytest.raises(WrongResultError, match="in 50 steps of 100"):
        prepare.prepare(CASE, stepwise(step, 50), QUADRATIC)


def test_a_step_that_rests_every_other_time_is_wrong() -> None:
    """After 100 steps it has converged all the same."""
    calls: list[None] = []

    def step(x: Any) -> Any:
        calls.append(None)
        return x if len(calls) % 2 == 0 else x - np.float32(0.1) * (2.0 * x - 2.0)

    with pytest.raises(WrongResultError, match="in the move of 10 steps"):
        prepare.prepare(CASE, stepwise(step, 100), QUADRATIC)


class Skipping(Stepwise):
    """A loop of a user's own in the clothes of the harness's."""

    def __call__(self, x: Any, data: Data) -> Any:
        for _ in range(max(1, self.steps // 2)):
            x = self.step(x)
        return x


def test_a_subclass_with_a_loop_of_its_own_is_built_again() -> None:
    def build(problem: Problem, case: Case, x: Any, data: Data) -> Run:
        return Skipping(lambda x: x - np.float32(problem.rate_at(x, data)) * (2.0 * x - 2.0), case.steps)

    with pytest.raises(WrongResultError, match="in the move of 100 steps"):
        prepare.prepare(CASE, NumpyMode("numpy", {"descent": build}), QUADRATIC)


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_the_check_is_right_for_few_and_for_many_steps(count: int) -> None:
    case = replace(CASE, steps=count, batch_size=1)
    check(by_hand(lambda steps: steps), case, QUADRATIC)
    if count > 1:
        with pytest.raises(WrongResultError):
            check(by_hand(lambda steps: steps // 2), case, QUADRATIC)
