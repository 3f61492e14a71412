"""The hand-derived derivatives against finite differences along random directions: they are the reference."""

from __future__ import annotations

import numpy as np
import pytest

import problems
from bench.case.check import errors
from problems import Array, Parameters, Problem, tree_leaves, tree_map

STEP = 1e-5

EACH = pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())


def direction(x: Parameters, seed: int) -> Parameters:
    rng = np.random.default_rng(seed)
    return tree_map(lambda array: rng.standard_normal(array.shape), x)


def moved(x: Parameters, length: float, v: Parameters) -> Parameters:
    return tree_map(lambda position, along: position + length * along, x, v)


def dot(x: Parameters, y: Parameters) -> float:
    return float(sum(np.vdot(array, other) for array, other in zip(tree_leaves(x), tree_leaves(y), strict=True)))


def rounding(*values: Array) -> float:
    """Return the error of a finite difference of these values that comes from their rounding, with a margin of ten."""
    return float(10.0 * np.finfo("float64").eps * max(np.max(np.abs(value)) for value in values) / STEP)


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_a_hand_derived_gradient_gives_the_directional_derivative(problem: Problem, seed: int) -> None:
    x, data = problems.instance(problem, 5, "float64")
    v = direction(x, seed)
    ahead, behind = (problem.loss(np, moved(x, sign * STEP, v), data) for sign in (1.0, -1.0))
    gradient, numeric = problem.gradient(x, data), (ahead - behind) / (2.0 * STEP)
    terms = dot(tree_map(np.abs, gradient), tree_map(np.abs, v))  # the sum may be far smaller than they are
    assert dot(gradient, v) == pytest.approx(numeric, rel=0, abs=1e-6 * terms + rounding(ahead, behind))


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_a_hand_derived_hessian_product_is_the_derivative_of_the_gradient(problem: Problem, seed: int) -> None:
    if problem.hvp is None:
        pytest.skip(f"{problem.name} has no hand-derived Hessian-vector product")
    x, data = problems.instance(problem, 5, "float64")
    v = direction(x, seed)
    ahead, behind = (tree_leaves(problem.gradient(moved(x, sign * STEP, v), data)) for sign in (1.0, -1.0))
    for product, above, below in zip(tree_leaves(problem.hvp(x, v, data)), ahead, behind, strict=True):
        numeric = (above - below) / (2.0 * STEP)
        allowed = 1e-6 * np.max(np.abs(numeric)) + rounding(*ahead, *behind)
        np.testing.assert_allclose(product, numeric, rtol=0, atol=allowed)


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_in_place_is_the_gradient(problem: Problem, dtype: str) -> None:
    if problem.gradient_into is None:
        pytest.skip(f"{problem.name} has no in-place gradient")
    x, data = problems.instance(problem, 5, dtype)
    out = tree_map(lambda array: np.full_like(array, np.nan), x)
    problem.gradient_into(x, data)(x, data, out)
    assert all(array.dtype == dtype for array in tree_leaves(out))
    assert errors.relative_error(out, problem.gradient(x, data)) <= errors.tolerance(dtype)


@EACH
def test_every_dtype_starts_from_the_same_point(problem: Problem) -> None:
    single, _ = problems.instance(problem, 5, "float32")
    double, _ = problems.instance(problem, 5, "float64")
    for array, rounded in zip(tree_leaves(double), tree_leaves(single), strict=True):
        np.testing.assert_array_equal(rounded, array.astype("float32"))


@EACH
def test_a_start_depends_only_on_the_case_and_is_read_only(problem: Problem) -> None:
    x, data = problems.instance(problem, 5, "float64")
    again, _ = problems.instance(problem, 5, "float64")
    for array, same in zip(tree_leaves(x), tree_leaves(again), strict=True):
        np.testing.assert_array_equal(array, same)
    assert not any(array.flags.writeable for array in (*tree_leaves(x), *data))


def test_the_tutorials_descent_ends_at_the_minimum() -> None:
    quadratic = problems.load()["quadratic"]
    x, data = problems.instance(quadratic, 10, "float64")
    end = problems.descend(quadratic, x, data, quadratic.steps)
    np.testing.assert_allclose(end, 1.0, atol=1e-9)
    assert quadratic.loss(np, end, data) / 10 == pytest.approx(4.0)
