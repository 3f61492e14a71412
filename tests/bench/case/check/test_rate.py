"""The learning rate that is found for a problem that has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import problems
from bench.case.check.rate import NoRateError, with_rate
from problems import Array, Data, descend, instance

QUADRATIC = problems.find("quadratic")


@pytest.mark.parametrize("name", problems.load())
def test_the_loss_falls_at_the_rate_that_is_found_and_hardly_at_a_hundredth(name: str) -> None:
    problem = with_rate(replace(problems.find(name), rate=None), 10)
    x, data = instance(problem, 10, "float64")
    start, end = (float(problem.numpy_loss(at, data)) for at in (x, descend(problem, x, data, problem.steps)))
    assert end < start
    slow = replace(problem, rate=problem.rate_at(x, data) / 100.0)
    assert end < float(problem.numpy_loss(descend(slow, x, data, problem.steps), data))


def test_the_rate_of_a_parabola_is_the_inverse_of_its_curvature() -> None:
    assert with_rate(replace(QUADRATIC, rate=None), 7).rate == 0.5


def test_a_rate_that_the_problem_gives_stays() -> None:
    assert with_rate(QUADRATIC, 7) is QUADRATIC


def test_a_loss_that_falls_at_no_rate_is_said_to() -> None:
    def gradient(x: Array, data: Data) -> Array:
        return -QUADRATIC.gradient(x, data)  # uphill

    with pytest.raises(NoRateError, match="no learning rate was found for quadratic"):
        with_rate(replace(QUADRATIC, rate=None, gradient=gradient), 7)


def test_a_problem_without_a_rate_says_so_if_it_is_asked() -> None:
    with pytest.raises(ValueError, match="has no learning rate"):
        replace(QUADRATIC, rate=None).rate_at(np.ones(1), ())
