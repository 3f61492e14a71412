"""Time to target: the steps until the loss is near its minimum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import backends
import problems
from backends import Case
from bench.case import prepare, target
from bench.case.target import minimum, steps_to_target
from problems import Problem

NUMPY = backends.load(("numpy",)).backends["numpy"]


def prepared(problem: Problem, steps: int = 100) -> prepare.Prepared:
    sizes = problems.sizes_text(problem.sizes)
    return prepare.prepare(Case("descent", problem.name, "numpy", 50, "float32", "cpu", steps, sizes), NUMPY, problem)


def test_the_parabola_is_within_a_percent_after_eleven_steps() -> None:
    """A step leaves 0.8 of the distance to x = 1, so 0.64 of the loss above the minimum: 0.64¹¹ < 0.01 < 0.64¹⁰."""
    assert steps_to_target(prepared(problems.load()["quadratic"])) == 11


def test_a_descent_that_ends_before_the_target_has_no_time_to_target() -> None:
    assert steps_to_target(prepared(problems.load()["quadratic"], steps=10)) is None


def test_a_loss_without_a_minimum_has_no_time_to_target() -> None:
    problem = problems.load()["log_sum_exp"]
    assert minimum(problem, *problems.instance(problem, 5, "float64")) == -math.inf
    assert steps_to_target(prepared(problem)) is None


@pytest.mark.parametrize("name", ["least_squares", "quadratic"])
def test_a_search_finds_the_minimum_that_the_closed_form_has(name: str) -> None:
    problem = problems.load()[name]
    x, data = problems.instance(problem, 50, "float64")
    searched = minimum(replace(problem, minimum=None), x, data)
    assert minimum(problem, x, data) == pytest.approx(searched, rel=1e-4)
    assert searched < problem.loss(np, x, data)


CLOSED = {name: problem for name, problem in problems.load().items() if problem.minimum is not None}


@pytest.mark.parametrize("problem", CLOSED.values(), ids=CLOSED)
def test_no_descent_ends_below_the_minimum_that_the_problem_has(problem: Problem) -> None:
    assert above_the_minimum(problem) >= 0.0


@pytest.mark.parametrize("name", ["gmm", "kmeans", "logistic", "rnn", "softmax_mlp"])
def test_no_descent_of_a_built_in_problem_ends_below_the_minimum_that_a_search_finds(name: str) -> None:
    """A search finds a local minimum. Of these problems it finds one that the descent does not pass."""
    above = above_the_minimum(problems.load()[name])
    assert math.isnan(above) or above >= 0.0


def above_the_minimum(problem: Problem) -> float:
    """Return how far above the minimum the descent ends, plus what rounding may take away."""
    x, data = problems.instance(problem, 20, "float64")
    start, end = (float(problem.loss(np, at, data)) for at in (x, problems.descend(problem, x, data, problem.steps)))
    return end - minimum(problem, x, data) + 1e-9 * (1.0 + abs(start) + abs(end))


def test_a_search_that_would_take_too_long_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = replace(problems.load()["logistic"], flops=None)
    monkeypatch.setattr(target, "MAX_OPERATIONS", 10.0)
    assert math.isnan(minimum(problem, *problems.instance(problem, 50, "float64")))
