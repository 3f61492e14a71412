"""What the check sees of a descent by another optimizer: a wrong update, a wrong number of steps, a wrong end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Backend, Case, Optimized, Run
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.check import update
from bench.case.check.answers import require_answers
from bench.case.check.ends import end_error
from bench.case.check.errors import WrongResultError
from bench.case.check.rate import NoRateError, with_rate
from bench.case.check.steps import require_every_step
from problems import ADAM, LBFGS, MOMENTUM, OPTIMIZERS, Array, Data, Parameters, Problem, State, optimized, updated
from problems.optimizers import Moved
from tests.nested import NESTED

NUMPY = backends.load(("numpy",)).backends["numpy"]


def case(optimizer: str, problem: str = "logistic", steps: int = 20, dtype: str = "float32") -> Case:
    sizes = problems.sizes_text(problems.load()[problem].sizes)
    return Case("descent", problem, "numpy", 7, dtype, "cpu", steps, sizes, optimizer)


def mode(build: Callable[..., Run]) -> Backend:
    return NumpyMode("numpy", NUMPY.builders, dict.fromkeys((MOMENTUM, ADAM, LBFGS), build))


def by(step: Callable[[Moved, Array, float, int], None], steps: Callable[[int], int] = int) -> Backend:
    """Return the mode whose optimizers make this step, and as many as `steps` makes of those that were asked for."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        rate = problem.rate_at(x, data)
        honest = problems.optimizers.STEPS[case.optimizer]

        def with_step(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                problems.optimizers.STEPS[case.optimizer] = step
                try:
                    return function(*arguments)
                finally:
                    problems.optimizers.STEPS[case.optimizer] = honest

            return call

        def descent(x: Parameters, data: Data) -> Parameters:
            return optimized(problem.gradient, case.optimizer, rate, steps(case.steps), x)(x, data)

        def one(x: Parameters, moments: Any, number: int, data: Data) -> Any:
            return updated(problem.gradient, case.optimizer, rate, State(x, moments, number), data)

        return Optimized(with_step(descent), with_step(one))

    return mode(build)


def prepared(chosen: Case, backend: Backend) -> prepare.Prepared:
    return prepare.prepare(chosen, backend, problems.find(chosen.problem, chosen.sizes))


def dampened(moved: Moved, g: Array, rate: float, number: int) -> None:
    x, (m,), _ = moved
    m[...] = 0.9 * m + 0.1 * g
    x -= 10.0 * rate * m


def nesterov(moved: Moved, g: Array, rate: float, number: int) -> None:
    x, (m,), _ = moved
    m[...] = 0.9 * m + g
    x -= rate * (g + 0.9 * m)


def adam_by(moved: Moved, g: Array, beta2: float, denominator: Callable[[Array], Array]) -> Array:
    _, (m, v), _ = moved
    m[...] = 0.9 * m + 0.1 * g
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    return m, denominator(v)


def uncorrected(moved: Moved, g: Array, rate: float, number: int) -> None:
    m, root = adam_by(moved, g, 0.999, np.sqrt)
    moved.x[...] -= rate * m / (root + 1e-8)


def other_decay(moved: Moved, g: Array, rate: float, number: int) -> None:
    m, root = adam_by(moved, g, 0.99, np.sqrt)
    moved.x[...] -= rate * (m / (1 - 0.9**number)) / (root / np.sqrt(1 - 0.99**number) + 1e-8)


def weight_decayed(moved: Moved, g: Array, rate: float, number: int) -> None:
    moved.x[...] *= 1.0 - 0.01 * rate
    m, root = adam_by(moved, g, 0.999, np.sqrt)
    moved.x[...] -= rate * (m / (1 - 0.9**number)) / (root / np.sqrt(1 - 0.999**number) + 1e-8)


def epsilon_inside(moved: Moved, g: Array, rate: float, number: int) -> None:
    m, root = adam_by(moved, g, 0.999, lambda v: np.sqrt(v / (1 - 0.999**number) + 1e-8))
    moved.x[...] -= rate * (m / (1 - 0.9**number)) / root


@pytest.mark.parametrize(
    ("optimizer", "wrong"),
    [
        (MOMENTUM, dampened),
        (MOMENTUM, nesterov),
        (ADAM, uncorrected),
        (ADAM, other_decay),
        (ADAM, weight_decayed),
        (ADAM, epsilon_inside),
    ],
)
def test_another_convention_of_an_optimizer_is_a_wrong_result(optimizer: str, wrong: Any) -> None:
    """Weight decay of 1 % and an ε inside the root are less than float32 can tell: float64 can."""
    with pytest.raises(WrongResultError, match="in its step from a drawn state"):
        prepared(case(optimizer, dtype="float64"), by(wrong))


@pytest.mark.parametrize("optimizer", [MOMENTUM, ADAM])
@pytest.mark.parametrize("dtype", backends.DTYPES)
def test_a_step_more_or_less_is_wrong_and_as_many_are_right(optimizer: str, dtype: str) -> None:
    honest = problems.optimizers.STEPS[optimizer]
    ready = prepared(case(optimizer, dtype=dtype), by(honest))
    for wrong in (lambda steps: steps + 1, lambda steps: steps - 1):
        with pytest.raises(WrongResultError, match="in the move of 20 steps"):
            require_every_step(ready.case, by(honest, wrong), ready.problem, ready.placed, ready.run)


def test_a_number_whose_steps_go_the_other_way_is_no_missing_step() -> None:
    """Where the gradient is rounding alone, so is the direction of a step of adam."""
    asked = Case("descent", "quadratic", "numpy", 1000, "float32", "cpu", 20, optimizer=ADAM)

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        whole = NUMPY.optimizers[ADAM](problem, case, x, data)

        def descent(x: Parameters, data: Data) -> Parameters:
            end = np.array(whole(x, data))
            end[0] = 2.0 * x[0] - end[0]
            return end

        return descent

    ready = prepare.prepare(asked, NUMPY, problems.load()["quadratic"])
    require_every_step(asked, mode(build), ready.problem, ready.placed, ready.run)


def test_an_end_of_lbfgs_is_wrong_where_the_gradient_is_large_however_low_the_loss() -> None:
    """A hundredth of the way from the minimum, the loss is a ten-thousandth of its way above it."""
    problem = problems.load()["quadratic"]
    near = mode(lambda *_: lambda x, _: (1.0 + 0.01 * (x - 1.0)).astype(x.dtype))
    with pytest.raises(WrongResultError, match="is off by inf"):
        prepare.prepare(case(LBFGS, "quadratic"), near, problem)


def test_a_short_descent_that_ends_as_high_as_it_began_is_measured_by_its_moves() -> None:
    """From 1 + a to 1 - 0.999 a: the loss falls by a thousandth of what the moves are worth."""
    problem, asked = problems.load()["quadratic"], case(ADAM, "quadratic")
    start, right, end = (np.array([1.0 + a]) for a in (0.5, -0.4995, -0.4996))
    assert end_error(asked, problem, (start, ()), end, right) < 1e-3


def test_a_builder_of_moments_without_an_update_is_told_what_to_return() -> None:
    with pytest.raises(TypeError, match=r"its builder of adam must return a backends\.Optimized"):
        prepared(case(ADAM), mode(NUMPY.builders["descent"]))


def test_an_lbfgs_that_has_not_converged_is_wrong() -> None:
    """Ten steps of a hundred lead to a loss that is hardly higher, and the gradient is still large."""
    asked = case(LBFGS, "rosenbrock", steps=100, dtype="float64")
    assert prepared(asked, NUMPY).relative_error == 0.0

    def lazy(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return NUMPY.optimizers[LBFGS](problem, replace(case, steps=10), x, data)

    with pytest.raises(WrongResultError):
        prepared(asked, mode(lazy))


def test_where_lbfgs_does_not_converge_the_end_is_held_to_half_of_the_references_steps() -> None:
    """Another line search takes another path through `attention`, and has another loss after a hundred steps."""
    asked = case(LBFGS, "attention", steps=40, dtype="float64")

    def of_length(steps: int) -> Backend:
        return mode(
            lambda problem, case, x, data: NUMPY.optimizers[LBFGS](problem, replace(case, steps=steps), x, data)
        )

    assert prepared(asked, of_length(25)).relative_error == 0.0
    with pytest.raises(WrongResultError):
        prepared(asked, of_length(15))


def test_lbfgs_is_refused_where_there_is_no_minimum() -> None:
    unbounded = problems.load()["log_sum_exp"]
    failure = prepare.refusal(case(LBFGS, "log_sum_exp"), NUMPY, unbounded)
    assert failure is not None
    assert failure.reason == "log_sum_exp has no minimum, so lbfgs would lead to infinity"
    assert prepare.refusal(case(ADAM, "log_sum_exp"), NUMPY, unbounded) is None


def test_an_end_by_lbfgs_that_is_lower_than_the_references_is_right() -> None:
    """The reference's own loss is not the least: its line search ends when the gradient is small."""
    problem = problems.load()["quadratic"]
    asked = case(LBFGS, "quadratic")
    minimum = mode(lambda *_: lambda x, _: np.ones_like(x))
    assert prepare.prepare(asked, minimum, problem).relative_error == 0.0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_answer_from_memory_is_wrong_whatever_the_optimizer(optimizer: str) -> None:
    ready = prepared(case(optimizer), NUMPY)
    answer = ready.run(*ready.placed)
    with pytest.raises(WrongResultError, match="of another start"):
        require_answers(ready.case, NUMPY, ready.problem, ready.placed, lambda *_: answer)


@pytest.mark.parametrize("problem", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nested_parameters_are_moved_by_every_optimizer(problem: Problem, optimizer: str) -> None:
    asked = Case("descent", problem.name, "numpy", 7, "float64", "cpu", 5, "", optimizer)
    assert prepare.prepare(asked, NUMPY, problem).relative_error <= 1e-12


def test_a_drawn_state_has_no_number_near_0_in_its_second_moment() -> None:
    problem = with_rate(problems.load()["softmax_mlp"], 7, ADAM)
    state = update.drawn(case(ADAM, "softmax_mlp"), problem)
    for second in problems.tree_leaves(state.moments[1]):
        assert np.min(second) >= 0.2 * np.max(second) / (np.max(np.sqrt(second / np.min(second))) ** 2)
        assert np.min(second) > 0.0


@pytest.mark.parametrize("optimizer", [MOMENTUM, ADAM])
def test_the_rate_of_an_optimizer_is_the_best_of_a_few(optimizer: str) -> None:
    problem = problems.load()["logistic"]
    x, data = problems.instance(problem, 10, "float64")
    best = with_rate(problem, 10, optimizer).rate_at(x, data)

    def loss(factor: float) -> float:
        run = optimized(problem.gradient, optimizer, factor * best, problem.steps, x)
        return float(problem.numpy_loss(run(x, data), data))

    assert loss(1.0) <= min(loss(0.3), loss(1e-3))


def test_a_loss_that_no_rate_lowers_is_a_reason() -> None:
    problem = replace(problems.load()["quadratic"], gradient=lambda x, _: 2.0 - 2.0 * x)
    with pytest.raises(NoRateError, match="no rate of adam was found for quadratic"):
        with_rate(problem, 7, ADAM)
