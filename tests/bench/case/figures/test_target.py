"""Time to target: the steps until the loss is near its minimum."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case, Run, Stepwise
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.figures import target
from bench.case.figures.target import curve, minimum, time_to_target
from problems import OPTIMIZERS, Array, Data, Parameters, Problem
from report.table import curves
from tests.nested import NESTED, NESTS, nested

NUMPY = backends.load(("numpy",)).backends["numpy"]


def prepared(problem: Problem, steps: int = 100, optimizer: str = "sgd") -> prepare.Prepared:
    sizes = problems.sizes_text(problem.sizes)
    case = Case("descent", problem.name, "numpy", 50, "float32", "cpu", steps, sizes, optimizer)
    return prepare.prepare(case, NUMPY, problem)


def steps_to_target(ready: prepare.Prepared) -> int | None:
    reached = time_to_target(ready)
    return None if reached is None else reached.steps


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


def test_the_search_finds_the_same_minimum_however_the_parameters_are_nested() -> None:
    flat = nested("flat", lambda *arrays: arrays, lambda x: x)
    x, data = problems.instance(flat, 50, "float64")
    searched = [minimum(flat, x, data)]
    searched += [minimum(problem, nest(*x), data) for problem, nest in zip(NESTED.values(), NESTS, strict=True)]
    assert searched == pytest.approx(3 * searched[:1], rel=1e-6)
    assert searched[0] < flat.loss(np, x, data)


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


def test_a_search_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """This loss never converges, and it sleeps: the search may not take a thousand evaluations."""
    calls = []

    def slow(xp: Any, x: Array, data: Data) -> Any:
        calls.append(x)
        time.sleep(0.01)
        return xp.sum(-x)

    problem = replace(problems.load()["quadratic"], loss=slow, gradient=lambda x, _: -np.ones_like(x), minimum=None)
    monkeypatch.setattr(target, "MAX_SEARCH_SECONDS", 0.1)
    assert math.isnan(minimum(problem, np.zeros(3), ()))
    assert 0 < len(calls) <= 11  # ten take the time, and the last one is finished


def test_the_time_to_the_target_is_that_of_a_descent_of_so_many_steps() -> None:
    """The loop is the backend's own, so it is built again for these steps. A call costs what no step does."""
    built: list[int] = []

    class Counting(NumpyMode):
        def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
            run = super().compile(case, problem, x, data)
            built.append(case.steps)

            def sleepy(x: Parameters, data: Data) -> Parameters:
                time.sleep(0.02)
                return run(x, data)

            return sleepy

    ready = replace(prepared(problems.load()["quadratic"]), backend=Counting("numpy", NUMPY.builders))
    reached = time_to_target(ready)
    assert reached is not None
    assert reached.steps == 11
    assert reached.seconds.center >= 0.02
    assert built == [11]


def test_a_descent_that_python_steps_is_shortened_and_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stepped: list[int] = []

    def step(x: Array) -> Array:
        stepped.append(1)
        time.sleep(0.01)
        return np.asarray(0.8 * x + 0.2, x.dtype)

    ready = replace(prepared(problems.load()["quadratic"]), run=Stepwise(step, 100))
    monkeypatch.setattr(target, "MAX_SECONDS", 0.0)
    reached = time_to_target(ready)
    assert reached is not None
    assert reached.seconds.center >= 0.11
    assert len(stepped) == 2 * 11  # a slow descent is called once to warm up, and timed once


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_descent_to_the_target_reaches_it_and_a_shorter_one_does_not(optimizer: str) -> None:
    ready = prepared(problems.load()["logistic"], optimizer=optimizer)
    reached = time_to_target(ready)
    assert reached is not None
    left = [target._left(ready, prepare.prepared_call(ready, steps)()) for steps in (reached.steps - 1, reached.steps)]
    assert left[0] > target.TARGET >= left[1]
    assert 0.0 < reached.seconds.center < math.inf


def test_a_backend_whose_rounding_puts_the_target_off_takes_a_step_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepared(problems.load()["quadratic"])
    monkeypatch.setattr(target, "first_step_at_target", lambda *_: 9)
    assert steps_to_target(ready) == 11


def test_the_loss_over_time_falls_from_the_start_to_the_end_of_the_descent() -> None:
    ready = prepared(problems.load()["quadratic"], steps=30)
    monotone = curve(ready)
    lengths = (0, 1, 2, 5, 10, 20, 30)
    assert [point.left for point in monotone] == pytest.approx([0.64**steps for steps in lengths], abs=1e-6)
    assert monotone[0].seconds == 0.0
    assert all(point.seconds > 0.0 for point in monotone[1:])
    first, second = curves.join(monotone).split()[:2]
    assert first == "0:1"
    assert [*map(float, second.split(":"))] == pytest.approx([monotone[1].seconds, 0.64], rel=1e-3)


def test_a_loss_without_a_minimum_has_no_curve() -> None:
    assert curve(prepared(problems.load()["log_sum_exp"])) == []
