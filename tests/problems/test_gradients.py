"""The hand-derived derivatives against finite differences along random directions: they are the yardstick."""

from __future__ import annotations

import numpy as np
import pytest

import problems
from problems import Parameters, Problem, tree_leaves, tree_map

STEP = 1e-5
ROUNDING = {"float32": 1e-5, "float64": 1e-13}

EACH = pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())


def direction(x: Parameters, seed: int) -> Parameters:
    rng = np.random.default_rng(seed)
    return tree_map(lambda array: rng.standard_normal(array.shape), x)


def moved(x: Parameters, length: float, v: Parameters) -> Parameters:
    return tree_map(lambda position, along: position + length * along, x, v)


def dot(x: Parameters, y: Parameters) -> float:
    return float(sum(np.vdot(array, other) for array, other in zip(tree_leaves(x), tree_leaves(y), strict=True)))


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_a_hand_gradient_is_the_slope_along_a_random_direction(problem: Problem, seed: int) -> None:
    x, data = problems.instance(problem, 5, "float64")
    v = direction(x, seed)
    ahead, behind = (problem.loss(np, moved(x, sign * STEP, v), data) for sign in (1.0, -1.0))
    numeric, analytic = (ahead - behind) / (2.0 * STEP), dot(problem.gradient(x, data), v)
    assert analytic == pytest.approx(numeric, rel=1e-6), "analytic, then numeric"


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_a_hand_hessian_product_is_the_gradients_slope_along_a_random_direction(problem: Problem, seed: int) -> None:
    if problem.hvp is None:
        pytest.skip(f"{problem.name} has no hand-derived Hessian-vector product")
    x, data = problems.instance(problem, 5, "float64")
    v = direction(x, seed)
    ahead, behind = (problem.gradient(moved(x, sign * STEP, v), data) for sign in (1.0, -1.0))
    for analytic, *gradients in zip(
        tree_leaves(problem.hvp(x, v, data)), tree_leaves(ahead), tree_leaves(behind), strict=True
    ):
        numeric = (gradients[0] - gradients[1]) / (2.0 * STEP)
        np.testing.assert_allclose(analytic, numeric, rtol=0, atol=1e-6 * np.max(np.abs(numeric)))


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_in_place_is_the_gradient(problem: Problem, dtype: str) -> None:
    if problem.gradient_into is None:
        pytest.skip(f"{problem.name} has no in-place gradient")
    x, data = problems.instance(problem, 5, dtype)
    out = tree_map(lambda array: np.full_like(array, np.nan), x)
    problem.gradient_into(x, data)(x, out)
    for slope, whole in zip(tree_leaves(out), tree_leaves(problem.gradient(x, data)), strict=True):
        assert slope.dtype == dtype
        np.testing.assert_allclose(slope, whole, rtol=0, atol=ROUNDING[dtype] * np.max(np.abs(whole)))


@EACH
def test_every_dtype_starts_from_the_same_point(problem: Problem) -> None:
    single, _ = problems.instance(problem, 5, "float32")
    double, _ = problems.instance(problem, 5, "float64")
    for array, rounded in zip(tree_leaves(double), tree_leaves(single), strict=True):
        np.testing.assert_array_equal(rounded, array.astype("float32"))


@EACH
def test_a_start_depends_on_the_case_alone_and_cannot_be_modified(problem: Problem) -> None:
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
