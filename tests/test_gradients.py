"""The hand-derived gradients, against finite differences along random directions: they are the yardstick."""

from __future__ import annotations

import numpy as np
import pytest

import problems
from problems import Problem

EACH = pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_a_hand_gradient_is_the_slope_along_a_random_direction(problem: Problem, seed: int) -> None:
    x, data = problems.instance(problem, 5, "float64")
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(x.shape)
    step = 1e-5
    ahead, behind = (problem.loss(np, x + sign * step * direction, data) for sign in (1.0, -1.0))
    numeric, analytic = (ahead - behind) / (2.0 * step), np.sum(problem.gradient(x, data) * direction)
    assert analytic == pytest.approx(numeric, rel=1e-6), "analytic, then numeric"


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_in_place_is_the_gradient(problem: Problem, dtype: str) -> None:
    if problem.gradient_into is None:
        pytest.skip(f"{problem.name} has no in-place gradient")
    x, data = problems.instance(problem, 5, dtype)
    out = np.full_like(x, np.nan)
    problem.gradient_into(x, data)(x, out)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, problem.gradient(x, data), rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


@EACH
def test_every_dtype_starts_from_the_same_point(problem: Problem) -> None:
    single, _ = problems.instance(problem, 5, "float32")
    double, _ = problems.instance(problem, 5, "float64")
    np.testing.assert_array_equal(single, double.astype("float32"))


@EACH
def test_a_start_depends_on_the_case_alone_and_cannot_be_modified(problem: Problem) -> None:
    x, data = problems.instance(problem, 5, "float64")
    again, _ = problems.instance(problem, 5, "float64")
    np.testing.assert_array_equal(x, again)
    assert not any(array.flags.writeable for array in (x, *data))


def test_the_tutorials_descent_ends_at_the_minimum() -> None:
    quadratic = problems.load()["quadratic"]
    x, data = problems.instance(quadratic, 10, "float64")
    end = problems.descend(quadratic, x, data, quadratic.steps)
    np.testing.assert_allclose(end, 1.0, atol=1e-9)
    assert quadratic.loss(np, end, data) / 10 == pytest.approx(4.0)
