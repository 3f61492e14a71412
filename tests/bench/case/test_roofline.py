"""What a step cannot avoid, and what the machine does at best."""

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

FOUND = backends.load(("numpy", "jax"))
PROBLEMS = pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())


def prepared(name: str, problem: Problem, operator: str, batch_size: int = 500) -> prepare.Prepared:
    sizes = problems.sizes_text(problem.sizes)
    case = Case(operator, problem.name, name, batch_size, "float32", "cpu", 10 if operator == "descent" else 1, sizes)
    return prepare.prepare(case, FOUND.backends[name], problem)


def test_a_step_reads_each_array_once_and_writes_what_is_like_the_parameters() -> None:
    x, v, data = np.zeros(10, "float32"), 40, (np.zeros((5, 2), "float64"), np.zeros(3, "int64"))
    moved = {operator: problems.step_bytes(operator, x, data) - 80 - 24 for operator in problems.OPERATORS}
    assert moved == {"value": v, "gradient": 2 * v, "descent": 2 * v, "jvp": 2 * v, "hvp": 3 * v}
    assert problems.step_bytes("gradient", (x, x), ()) == 4 * v


def test_nobody_has_counted_the_operations_of_a_product_with_a_direction() -> None:
    problem = problems.load()["quadratic"]
    x, data = problems.instance(problem, 10, "float32")
    counted = {operator: problems.step_flops(operator, problem, x, data) for operator in problems.OPERATORS}
    assert counted == {"value": 30, "gradient": 20, "descent": 40, "jvp": None, "hvp": None}


@PROBLEMS
def test_no_compiler_needs_fewer_operations_than_the_problem_counts_nor_many_times_as_many(problem: Problem) -> None:
    """XLA counts what it compiled: a floor above that would be none, and one far below would bound nothing."""
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
        assert 0.99 <= compiled / counted <= 3.0


def test_the_limit_of_a_case_is_measured_with_a_copy_of_as_many_bytes() -> None:
    small, large = (prepared("numpy", problems.load()["quadratic"], "descent", size) for size in (1, 1_000_000))
    one, many = limit(small), limit(large)
    assert (one.step_bytes, many.step_bytes) == (8, 8_000_000)
    assert MIN_COPY_BYTES["cpu"] < many.step_bytes
    assert all(1e8 < rate < 1e14 for rate in (*one[2:], *many[2:]))
    assert all(again >= best for again, best in zip(limit(large), many, strict=True)), "a limit is the best so far"


def test_the_longer_of_the_two_times_is_the_limit_and_what_is_not_known_is_none() -> None:
    assert Limit(100, 10, 10, 10).seconds == 10
    assert Limit(10, 100, 10, 10).seconds == 10
    assert Limit(100, math.nan, 10, 10).seconds == 10
    assert math.isnan(Limit(100, math.nan, math.nan, 10).seconds)
