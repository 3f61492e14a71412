"""The work that a step cannot avoid, and the best rates of the machine."""

from __future__ import annotations

import math

import numpy as np
import pytest

import backends
import problems
from backends import Case
from bench.case import prepare
from bench.case.roofline import MIN_COPY_BYTES, Limit, limit
from problems import Problem
from tests.built_in import BUILT_IN

FOUND = backends.load(("numpy", "jax"))
COUNTED = {name: problem for name, problem in problems.load().items() if problem.flops is not None}


def prepared(name: str, problem: Problem, operator: str, batch_size: int = 500) -> prepare.Prepared:
    sizes = problems.sizes_text(problem.sizes)
    case = Case(operator, problem.name, name, batch_size, "float32", "cpu", 10 if operator == "descent" else 1, sizes)
    return prepare.prepare(case, FOUND.backends[name], problem)


def test_a_step_reads_each_array_once_and_writes_results_shaped_like_the_parameters() -> None:
    x, v, data = np.zeros(10, "float32"), 40, (np.zeros((5, 2), "float64"), np.zeros(3, "int64"))
    moved = {operator: problems.step_bytes(operator, x, data) - 80 - 24 for operator in problems.OPERATORS}
    assert moved == {"value": v, "gradient": 2 * v, "descent": 2 * v, "jvp": 2 * v, "hvp": 3 * v}
    assert problems.step_bytes("gradient", (x, x), ()) == 4 * v


def test_a_product_with_a_direction_has_no_count_of_operations() -> None:
    problem = problems.load()["quadratic"]
    x, data = problems.instance(problem, 10, "float32")
    counted = {operator: problems.step_flops(operator, problem, x, data) for operator in problems.OPERATORS}
    assert counted == {"value": 30, "gradient": 20, "descent": 40, "jvp": None, "hvp": None}


@pytest.mark.parametrize("problem", COUNTED.values(), ids=COUNTED)
def test_no_compiler_needs_fewer_operations_than_the_problem_counts(problem: Problem) -> None:
    """XLA counts the operations of the program that it compiled, and a lower bound may not exceed them.

    The built-in problems count at least a third of them: a bound far below what a compiler needs would say nothing.
    """
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    for operator in ("value", "gradient"):
        case = prepared("jax-jit", problem, operator)
        ask = case.backend.probes.counted_flops
        counted = problems.step_flops(operator, problem, case.host[0], case.host[-1])
        assert ask is not None
        assert counted is not None
        compiled = ask(case.run)
        assert compiled is not None
        assert compiled / counted >= 0.99
        assert compiled / counted <= 3.0 or problem.name not in BUILT_IN


def test_the_limit_of_a_case_is_measured_with_a_copy_of_the_same_number_of_bytes() -> None:
    small, large = (prepared("numpy", problems.load()["quadratic"], "descent", size) for size in (1, 1_000_000))
    one, many = limit(small), limit(large)
    assert (one.step_bytes, many.step_bytes) == (8, 8_000_000)
    assert MIN_COPY_BYTES["cpu"] < many.step_bytes
    assert all(1e8 < rate < 1e14 for rate in (*one[2:], *many[2:]))
    assert all(again >= best for again, best in zip(limit(large), many, strict=True)), (
        "a limit is the best measurement so far"
    )


def test_the_longer_of_the_two_times_is_the_limit_and_an_unknown_time_is_left_out() -> None:
    assert Limit(100, 10, 10, 10).seconds == 10
    assert Limit(10, 100, 10, 10).seconds == 10
    assert Limit(100, math.nan, 10, 10).seconds == 10
    assert math.isnan(Limit(100, math.nan, math.nan, 10).seconds)
