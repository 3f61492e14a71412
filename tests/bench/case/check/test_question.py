"""The answer depends on the question: the program that was timed is asked another one."""

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
from bench.case.check import reference
from bench.case.check.question import CHANGE, nudged, question
from bench.case.check.reference import WrongResultError
from problems import Data, Parameters, Problem, sizes_text, tree_leaves
from tests.built_in import BUILT_IN

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]
CASE = Case("gradient", "quadratic", "numpy", 100, "float32", "cpu", 1)


@pytest.mark.parametrize("dtype", backends.DTYPES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_another_question_has_another_answer(name: str, dtype: str) -> None:
    problem = problems.load()[name]
    for operator, steps in (("descent", problem.steps), ("gradient", 1)):
        case = replace(CASE, problem=name, operator=operator, steps=steps, dtype=dtype, sizes=sizes_text(problem.sizes))
        asked = question(case, problem)
        assert asked is not None
        change = reference.relative_error(reference.expected(case, problem), asked.answer)
        assert change >= CHANGE * reference.tolerance(dtype)
        assert all(array.dtype == dtype for array in tree_leaves(asked.start))


def test_a_start_where_every_answer_is_the_same_has_no_other_question() -> None:
    flat = replace(QUADRATIC, gradient=lambda x, _data: np.ones_like(x))
    assert question(CASE, flat) is None


def test_a_nudged_start_is_near_and_is_not_the_start() -> None:
    start, near = reference.arguments(CASE, QUADRATIC)[0], nudged(CASE, QUADRATIC)
    assert 0.0 < np.max(np.abs(near - start)) < 0.1
    assert near.dtype == CASE.dtype


def remembering(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    answers: list[Any] = []

    def run(x: Parameters, data: Data) -> Parameters:
        if not answers:
            answers.append(problem.gradient(x, data))
        return answers[0]

    return run


@pytest.mark.parametrize("honest", [True, False])
def test_a_timed_program_that_repeats_its_first_answer_is_wrong(*, honest: bool) -> None:
    numpy: Any = FOUND.backends["numpy"]
    builders = numpy.builders if honest else {"gradient": remembering}
    ready = prepare.prepare(CASE, NumpyMode("numpy", builders), QUADRATIC)
    ready.call()
    if honest:
        prepare.require_another_answer(ready)
    else:
        with pytest.raises(WrongResultError, match="from another start, after the rounds, is off by"):
            prepare.require_another_answer(ready)
