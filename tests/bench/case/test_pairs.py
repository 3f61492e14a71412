"""Paired rounds: short, right after each round, and the ratio of the two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.check.errors import WrongResultError
from bench.case.pairs import moved_pair, reference_pair, value_pair
from bench.case.rounds import PAIR_BIAS, Budget, Pair, paired, plan
from report.table.keys import framework

FOUND = backends.load()
PROBLEM = problems.load()["quadratic"]
CASE = Case("gradient", "quadratic", "numpy", 100, "float32", "cpu", 1)


def prepared(name: str, operator: str = "gradient") -> prepare.Prepared:
    return prepare.prepare(replace(CASE, backend=name, operator=operator), FOUND.backends[name], PROBLEM)


@pytest.mark.parametrize("name", ["numpy", "numpy-inplace", "autograd", "jax-jit", "torch-optim"])
def test_a_gradient_is_paired_with_its_backends_own_value_if_there_is_one(name: str) -> None:
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[framework(name)])
    pair = value_pair(prepared(name), 0.001)
    assert (pair is not None) == ("value" in FOUND.backends[name].builders)
    if pair is not None:
        pair()
        x, data = problems.instance(PROBLEM, CASE.batch_size, CASE.dtype)
        value = FOUND.backends[name].fetch(pair.call(), CASE)
        assert float(value) == pytest.approx(float(PROBLEM.loss(np, x, data)), rel=1e-5)
        assert len(pair.seconds_per_step) == 1


@pytest.mark.parametrize("operator", ["descent", "gradient"])
def test_a_moved_reference_computes_the_same_and_keeps_its_seconds(operator: str) -> None:
    ready = prepared("numpy", operator)
    pair = reference_pair(ready, 0.001)
    assert pair is not None
    pair()
    moved = moved_pair(pair, prepare.relocate(ready))
    moved()
    np.testing.assert_array_equal(moved.call(), pair.call())
    assert (moved.calls, moved.steps) == (pair.calls, pair.steps)
    assert len(pair.seconds_per_step) == len(moved.seconds_per_step) == 2


def test_only_a_gradient_is_paired_with_a_value() -> None:
    assert value_pair(prepared("numpy", "value"), 0.001) is None


def test_a_wrong_value_gives_no_ratio() -> None:
    def wrong(problem: Any, case: Any, x: Any, data: Any) -> Any:
        return lambda x, data: 1.01 * problem.loss(np, x, data)

    honest: Any = FOUND.backends["numpy"]
    backend = NumpyMode("numpy", honest.builders | {"value": wrong})
    with pytest.raises(WrongResultError, match="value of quadratic is off"):
        value_pair(prepare.prepare(CASE, backend, PROBLEM), 0.001)


def test_the_budget_is_for_the_rounds_and_their_paired_rounds() -> None:
    pair = Pair(lambda: None, lambda: None, 1, 1, 0.25)
    assert plan(3, 1.0, pair, None, Budget(0.005, 12.5, 6)).rounds == 10
    assert plan(3, 1.0, pair, pair, Budget(0.005, 12.5, 6)).rounds == 9
    assert plan(3, 1.0, pair, pair, Budget(0.005, 0.5, 6)).rounds == 6


def reference(case: prepare.Prepared, seconds: float) -> Pair:
    """Return the paired rounds of a case that has some."""
    pair = reference_pair(case, seconds)
    assert pair is not None
    return pair


def test_a_paired_round_of_a_descent_is_some_descents_of_its_length_or_a_shorter_one() -> None:
    descent = prepare.prepare(replace(CASE, operator="descent", steps=10), FOUND.backends["numpy"], PROBLEM)
    many = reference(descent, 1.0)
    assert many.calls > 1
    assert many.steps == 10 * many.calls
    short = reference(descent, 0.0)
    assert (short.calls, short.steps) == (1, 1)
    calls = reference(prepared("numpy"), 0.01)
    assert calls.calls == calls.steps


def test_a_paired_round_of_lbfgs_is_of_whole_descents() -> None:
    """It ends when it has converged, so a shorter one would not be a share of it."""
    case = replace(CASE, operator="descent", steps=50, optimizer="lbfgs")
    descent = prepare.prepare(case, FOUND.backends["numpy"], PROBLEM)
    for pair in (reference(descent, 0.0), moved_pair(reference(descent, 0.0), descent)):
        assert pair.calls == pair.steps
        np.testing.assert_array_equal(pair.call(), descent.call())


def test_the_paired_rounds_come_before_and_after_their_round_by_chance() -> None:
    pair, value = Pair(lambda: None, lambda: None, 1, 1, 0.1), Pair(lambda: None, lambda: None, 2, 2, 0.1)
    drawn = [plan(1, 1.0, pair, value, Budget(0.005, 1.0, 6)).drawn() for _ in range(200)]
    for each in (pair, value):
        assert 20 < sum(each in before for before, _ in drawn) < 180
    assert all(sorted([p.calls for p in [*before, *after]]) == [1, 2] for before, after in drawn)


def test_the_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    pair = paired(lambda: None, 0.0)
    pair.seconds_per_step.extend([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    ratio = pair.ratio(np.array([2.0, 4.0, 8.0, 16.0, 32.0, 96.0]))
    assert tuple(ratio) == pytest.approx((2.0, 2.0 / (1.0 + PAIR_BIAS), 3.25 * (1.0 + PAIR_BIAS)))
