"""A wrong hand gradient blames nobody else: it is held to its own loss first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case
from bench.case import prepare
from bench.case.check import derivation
from bench.case.check.derivation import MAX_ERROR, WrongReferenceError, require_right
from bench.case.measure import check
from problems import Problem, tree_map
from tests.built_in import BUILT_IN

PROBLEMS = problems.load()


def scaled(problem: Problem, factor: float, only: int | None = None) -> Problem:
    """Return the problem with its gradient times `factor`, or only one array of it."""

    def gradient(x: Any, data: Any) -> Any:
        right = problem.gradient(x, data)
        if only is None:
            return tree_map(lambda array: factor * array, right)
        return tuple(factor * array if index == only else array for index, array in enumerate(right))

    return replace(problem, gradient=gradient)


@pytest.mark.parametrize("operator", ["gradient", "value", "hvp", problems.PAIR])
@pytest.mark.parametrize("name", BUILT_IN)
def test_what_this_project_has_derived_is_right(name: str, operator: str) -> None:
    if operator == "hvp" and PROBLEMS[name].hvp is None:
        pytest.skip(f"{name} has no Hessian-vector product by hand")
    for batch_size in (1, 7, 1000):
        require_right(PROBLEMS[name], operator, batch_size)
        assert all(error < 1e-7 for _, error in derivation._errors(PROBLEMS[name], operator, batch_size))


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("factor", [1.01, 1.0 + 10.0 * MAX_ERROR])
def test_a_gradient_that_is_a_little_wrong_is_found(name: str, factor: float) -> None:
    with pytest.raises(WrongReferenceError, match=f"the reference's gradient of {name} is off by"):
        require_right(scaled(PROBLEMS[name], factor), "descent", 7)


def uneven(xp: Any, x: Any, data: Any) -> Any:
    """A loss of two arrays, whose gradient is ten thousand times as long along the first."""
    return xp.sum(1e4 * x[0] * x[0]) + xp.sum(x[1] * x[1])


def test_a_gradient_that_is_wrong_in_its_smallest_array_is_found() -> None:
    right = Problem(
        "uneven",
        uneven,
        lambda x, _data: (2e4 * x[0], 2.0 * x[1]),
        lambda rng, batch_size: ((rng.random(batch_size), rng.random(batch_size)), ()),
        rate=1e-5,
    )
    require_right(right, "descent", 7)
    with pytest.raises(WrongReferenceError):
        require_right(scaled(right, 1.01, only=1), "descent", 7)


def test_a_fast_value_and_a_product_that_are_wrong_are_found() -> None:
    gmm, quadratic = PROBLEMS["gmm"], PROBLEMS["quadratic"]
    off = replace(gmm, value=lambda x, data: 1.01 * gmm.loss(np, x, data))
    with pytest.raises(WrongReferenceError, match="value of gmm"):
        require_right(off, "value", 7)
    require_right(off, "descent", 7)
    with pytest.raises(WrongReferenceError, match="hvp of quadratic"):
        require_right(replace(quadratic, hvp=lambda _x, v, _data: 2.02 * v), "hvp", 7)


@pytest.mark.parametrize("name", ["numpy", "autograd", "torch-grad", "jax-jit"])
def test_nobody_gets_a_time_and_the_reason_names_the_gradient(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = backends.load()
    if name not in found.backends:
        pytest.skip(found.missing[name.partition("-")[0]])
    wrong = replace(scaled(PROBLEMS["quadratic"], 1.01), name="quadratic")
    monkeypatch.setitem(problems.load(), "quadratic", wrong)
    row = check(Case("descent", "quadratic", name, 7, "float32", "cpu", 3), found)
    assert row["status"] == "error"
    assert "the reference's gradient of quadratic is off by 0.01" in row["reason"]
    assert "WrongResultError" not in row["reason"]
    with pytest.raises(WrongReferenceError):
        prepare.prepare(Case("descent", "quadratic", name, 7, "float32", "cpu", 3), found.backends[name], wrong)
