"""The program that was timed is right whenever it is called, and its answer depends on the question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case, Run
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.check import errors, reference
from bench.case.check.answers import require_answers
from bench.case.check.errors import WrongResultError
from bench.case.check.question import CHANGE, nudged, question
from problems import Data, Parameters, Problem, sizes_text, tree_leaves
from tests.built_in import BUILT_IN

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]
CASE = Case("gradient", "quadratic", "numpy", 100, "float32", "cpu", 1)


@pytest.mark.parametrize("dtype", backends.DTYPES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_another_question_has_another_answer(name: str, dtype: str) -> None:
    problem = problems.load()[name]
    for operator, steps in (("descent", problem.steps), ("gradient", 1), ("hvp", 1)):
        case = replace(CASE, problem=name, operator=operator, steps=steps, dtype=dtype, sizes=sizes_text(problem.sizes))
        asked = question(case, problem)
        assert asked is not None
        (start, *_), answer = asked
        change = errors.relative_error(reference.expected(case, problem), answer)
        assert change >= CHANGE * errors.tolerance(dtype)
        assert all(array.dtype == dtype for array in tree_leaves(start))


def test_a_start_where_every_answer_is_the_same_has_no_other_question() -> None:
    flat = replace(QUADRATIC, gradient=lambda x, _data: np.ones_like(x))
    assert question(CASE, flat) is None


def test_a_nudged_start_is_near_and_is_not_the_start() -> None:
    start, near = reference.arguments(CASE, QUADRATIC)[0], nudged(CASE, QUADRATIC)
    assert 0.0 < np.max(np.abs(near - start)) < 0.1
    assert near.dtype == CASE.dtype


LEAST_SQUARES = problems.load()["least_squares"]


def remembering(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The first answer, for ever."""
    answers: list[Any] = []

    def run(x: Parameters, data: Data) -> Parameters:
        if not answers:
            answers.append(problem.gradient(x, data))
        return answers[0]

    return run


def folding(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The data, multiplied while compiling: a step then costs nothing that grows with the batch."""
    X, y = data
    A, b = X.T @ X / len(y), X.T @ y / len(y)
    return lambda w, _data: A @ w - b


def tiring(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The right answer a few times, and then the start."""
    calls: list[None] = []

    def run(x: Parameters, data: Data) -> Parameters:
        calls.append(None)
        return problem.gradient(x, data) if len(calls) < 4 else x

    return run


class Thunk:
    """A result that is computed when somebody looks at it."""

    shape = (100,)

    def __init__(self, problem: Problem, x: Any, data: Data) -> None:
        self.question = problem, x, data

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        problem, x, data = self.question
        return np.asarray(problem.gradient(x, data), dtype=dtype)


def lazy(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return lambda x, data: Thunk(problem, x, data)


def answers(builder: Any, problem: Problem) -> None:
    """Prepare a gradient with this builder, call it as rounds do, and check it as the race does after them."""
    case = replace(CASE, problem=problem.name)
    ready = prepare.prepare(case, NumpyMode("numpy", {"gradient": builder}), problem)
    for _ in range(5):
        ready.call()
    require_answers(case, ready.backend, problem, ready.placed, ready.run)


@pytest.mark.parametrize("name", ["numpy", "numpy-inplace"])
def test_an_honest_program_answers(name: str) -> None:
    for problem in (QUADRATIC, LEAST_SQUARES):
        answers(FOUND.backends[name].builders["gradient"], problem)


@pytest.mark.parametrize(
    ("builder", "problem", "said"),
    [
        (remembering, QUADRATIC, "of another start, direction and data"),
        (folding, LEAST_SQUARES, "of another start, direction and data"),
        (tiring, QUADRATIC, "after the rounds"),
        (lazy, QUADRATIC, "once its start was overwritten"),
    ],
)
def test_a_timed_program_that_does_not_answer_is_wrong(builder: Any, problem: Problem, said: str) -> None:
    with pytest.raises(WrongResultError, match=said):
        answers(builder, problem)


def test_a_backend_that_rounds_the_arrays_it_puts_is_wrong() -> None:
    class Rounding(NumpyMode):
        def put(self, arrays: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
            return tuple(array.astype("float16").astype(case.dtype) for array in arrays)

    numpy: Any = FOUND.backends["numpy"]
    with pytest.raises(WrongResultError, match="in its arrays on the device"):
        prepare.prepare(CASE, Rounding("numpy", numpy.builders), QUADRATIC)
