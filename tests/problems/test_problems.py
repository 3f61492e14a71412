"""Every problem keeps its promises, and the built-in ones are the published ones.

The published values come from the definitions, from ADBench's tests and from SciPy. A test over `EACH` also runs on the
files that users drop into problems/. It tests only what docs/problems.md asks of such a file.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import backends
import problems
from bench.case import prepare
from bench.case.check import errors
from problems import Parameters, Problem, gmm, gmm_prior, tree_leaves, tree_map
from tests.built_in import BUILT_IN

EACH = pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())

AT_ITS_BATCH_SIZES = pytest.mark.parametrize(
    ("problem", "batch_size"),
    [
        pytest.param(problem, size, id=f"{name}-{size}", marks=[pytest.mark.night] * (size == max(problem.batch_sizes)))
        for name, problem in problems.load().items()
        for size in problem.batch_sizes
    ],
)
"""The batch sizes at which a race measures them by default; the largest, which takes longest, by night."""


@EACH
@pytest.mark.parametrize("module", ["autograd.numpy", "torch", "jax.numpy"])
def test_a_loss_is_the_same_number_in_every_framework(problem: Problem, module: str) -> None:
    xp = pytest.importorskip(module)
    to = xp.tensor if module == "torch" else lambda array: array
    x, data = problems.instance(problem, 5, "float32")
    value = float(problem.loss(xp, tree_map(to, x), tree_map(to, data)))
    assert value == pytest.approx(float(problem.loss(np, x, data)), rel=errors.tolerance("float32"))


@EACH
def test_a_hessian_is_symmetric(problem: Problem) -> None:
    if problem.hvp is None:
        pytest.skip(f"{problem.name} has no hand-derived Hessian-vector product")
    x, data = problems.instance(problem, 5, "float64")
    u, v = (direction(x, seed) for seed in (1, 2))
    forth, back = problem.hvp(x, v, data), problem.hvp(x, u, data)
    terms = dot(tree_map(np.abs, u), tree_map(np.abs, forth))  # the sum may be far smaller than they are
    assert dot(u, forth) == pytest.approx(dot(v, back), rel=0, abs=1e-10 * terms)


@AT_ITS_BATCH_SIZES
def test_a_descent_in_single_precision_is_as_right_as_the_race_demands(problem: Problem, batch_size: int) -> None:
    case = backends.Case("descent", problem.name, "numpy", batch_size, "float32", "cpu", problem.steps)
    prepared = prepare.prepare(case, backends.load(("numpy",)).backends["numpy"], problem)
    assert prepared.relative_error <= errors.tolerance("float32")


@AT_ITS_BATCH_SIZES
def test_a_descent_descends(problem: Problem, batch_size: int) -> None:
    x, data = problems.instance(problem, batch_size, "float64")
    end = problems.descend(problem, x, data, problem.steps)
    assert problem.loss(np, end, data) < problem.loss(np, x, data)


@EACH
def test_a_descent_of_a_preset_descends(problem: Problem) -> None:
    for preset in problem.presets.values():
        sized = replace(problem, sizes={**problem.sizes, **preset.sizes})
        x, data = problems.instance(sized, min(preset.batch_sizes or problem.batch_sizes), "float64")
        values = [sized.loss(np, problems.descend(sized, x, data, steps), data) for steps in (0, 5, 10)]
        assert values[2] < values[1] < values[0]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_descent_of_a_built_in_problem_moves_every_array_and_descends_in_both_halves(name: str) -> None:
    """An array that hardly moves would hardly test its gradient."""
    problem = problems.load()[name]
    for batch_size in problem.batch_sizes[:3]:
        x, data = problems.instance(problem, batch_size, "float64")
        half, end = (problems.descend(problem, x, data, steps) for steps in (problem.steps // 2, problem.steps))
        for before, after in zip(tree_leaves(x), tree_leaves(end), strict=True):
            assert np.max(np.abs(after - before)) > 0.01 * np.max(np.abs(before))
        values = [problem.loss(np, point, data) for point in (x, half, end)]
        assert values[2] <= values[1] + 1e-12 * abs(values[0])
        assert values[1] < values[0]


@pytest.mark.parametrize("name", ["numpy", "autograd", "jax-jit", "torch-grad", "torch-compile-step"])
def test_the_gradient_of_log_sum_exp_does_not_gather_its_rounding_in_one_element(name: str) -> None:
    """In GradBench's form, the derivative by the largest of a million elements is off by several percent."""
    found = backends.load((name.partition("-")[0],))
    case = backends.Case("gradient", "log_sum_exp", name, 1_000_000, "float32", "cpu", 1)
    if name not in found.backends:
        pytest.skip(str(found.missing))
    backend, problem = found.backends[name], problems.find("log_sum_exp")
    if (refused := prepare.refusal(case, backend, problem)) is not None:
        pytest.skip(refused[1])
    assert prepare.prepare(case, backend, problem).relative_error <= 1e-5


def test_llsq_is_cmpads_example() -> None:
    """cmpad's xam_llsq_obj: x = 1, 2, 3 on four points. The residuals are 3, 5/3, 1 and 5."""
    llsq = problems.find("llsq", "terms=3")
    _, data = problems.instance(llsq, 4, "float64")
    x = np.array([1.0, 2.0, 3.0])
    assert llsq.loss(np, x, data) == pytest.approx(170 / 9)
    np.testing.assert_allclose(llsq.gradient(x, data), [32 / 3, 16 / 9, 224 / 27])


def test_llsq_is_the_sum_that_gradbench_defines() -> None:
    llsq = problems.find("llsq", "terms=7")
    x, data = problems.instance(llsq, 9, "float64")
    t = [-1 + 2 * i / 8 for i in range(9)]
    residuals = [np.sign(ti) - sum(xj * ti**j for j, xj in enumerate(x)) for ti in t]
    assert llsq.loss(np, x, data) == pytest.approx(0.5 * sum(r * r for r in residuals))


def test_log_sum_exp_is_the_logarithm_of_a_sum_of_exponentials_and_does_not_overflow() -> None:
    lse = problems.load()["log_sum_exp"]
    x = np.log([1.0, 2.0, 3.0])
    for shift in (0.0, 1000.0):
        assert lse.loss(np, x + shift, ()) == pytest.approx(math.log(6.0) + shift)
        np.testing.assert_allclose(lse.gradient(x + shift, ()), [1 / 6, 1 / 3, 1 / 2])


def test_kmeans_is_the_sum_of_squared_distances_to_the_nearest_centre() -> None:
    kmeans = problems.load()["kmeans"]
    C, (P,) = problems.instance(kmeans, 50, "float64")
    distances = np.sum((P[:, None, :] - C) ** 2, -1)
    assert kmeans.loss(np, C, (P,)) == pytest.approx(distances.min(1).sum())


def test_kmeans_newton_step_goes_to_the_mean_of_the_nearest_points() -> None:
    """GradBench's `dir` is the gradient over the diagonal of the Hessian."""
    kmeans = problems.load()["kmeans"]
    assert kmeans.hvp is not None
    C, (P,) = problems.instance(kmeans, 500, "float64")
    nearest = np.sum((P[:, None, :] - C) ** 2, -1).argmin(1)
    means = np.stack([P[nearest == cluster].mean(0) for cluster in range(len(C))])
    step = kmeans.gradient(C, (P,)) / kmeans.hvp(C, np.ones_like(C), (P,))
    np.testing.assert_allclose(C - step, means)


def test_attention_is_scipys_softmax_of_the_scaled_products() -> None:
    x, (X, Y) = problems.instance(problems.load()["attention"], 3, "float64")
    Wq, Wk, Wv, Wo = x
    total = 0.0
    for tokens, target in zip(X, Y, strict=True):
        weights = special.softmax(tokens @ Wq @ Wk.T @ tokens.T / np.sqrt(len(Wq)), axis=1)
        total += np.mean(np.sum((weights @ tokens @ Wv @ Wo - target) ** 2, 1)) / 2.0
    assert problems.load()["attention"].loss(np, x, (X, Y)) == pytest.approx(total / len(X))


def test_attention_is_torchs_multi_head_attention_with_one_head() -> None:
    torch = pytest.importorskip("torch")
    problem = problems.load()["attention"]
    (Wq, Wk, Wv, Wo), data = problems.instance(problem, 3, "float64")
    module = torch.nn.MultiheadAttention(len(Wq), 1, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.tensor(np.concatenate((Wq, Wk, Wv), 1).T))
        module.out_proj.weight.copy_(torch.tensor(Wo.T))
    X, Y = map(torch.tensor, data)
    loss = torch.nn.functional.mse_loss(module(X, X, X)[0], Y).item() * len(Wq) / 2.0
    assert problem.loss(np, (Wq, Wk, Wv, Wo), data) == pytest.approx(loss)


ADBENCH_X = (
    np.array([-0.649014, 1.181166, -0.758453]),
    np.array([[0.092339, 0.186260], [0.345561, 0.396767], [0.538817, 0.419195]]),
    np.array([[0.586443, -0.851887, 0.800321], [-1.509405, 0.875874, -0.242790], [0.166813, -1.965419, -1.270071]]),
)
ADBENCH_POINT = np.array([[1.175171, 2.029160]])
ADBENCH_VALUE = 8.07380408004975791e00
ADBENCH_GRADIENT = [
    [1.08662855508652456e-01, -7.41270039523898472e-01, 6.32607184015246071e-01],
    [
        [1.11692576532787013e00, 1.63333013551455269e-01],
        [-2.19989824071193142e-02, 2.27778292254236098e-01],
        [1.20963025612832187e00, -6.06375920733956339e-02],
    ],
    [
        [2.58529994051162237e00, 1.12632694524213789e-01, 3.85744309849611777e-01],
        [7.35180573182305508e-02, 5.41836362715595232e00, -3.21494409677446469e-01],
        [1.71892309775004937e00, 8.60091090790866875e-01, -9.94640930466322848e-01],
    ],
]
"""ADBench (MIT): parameters and first point of gmm_instances/gmm1.txt; test/cpp/modules/common/GmmTests.cpp."""


def adbench_data() -> tuple[Any, Any]:
    return ADBENCH_POINT, gmm.layout(2)[0]


def test_gmm_has_adbenchs_golden_value() -> None:
    """ADBench adds −log prior to the log likelihood; the posterior has +log prior (GradBench's pull request 568)."""
    likelihood = gmm.log_likelihood(np, ADBENCH_X, adbench_data())
    prior = gmm_prior.log_prior(np, ADBENCH_X, adbench_data())
    assert likelihood - prior == pytest.approx(ADBENCH_VALUE, rel=1e-13)
    assert gmm.loss(np, ADBENCH_X, adbench_data()) == pytest.approx(-likelihood - prior, rel=1e-13)


def test_gmm_has_adbenchs_golden_gradient() -> None:
    """−loss is log likelihood + log prior. Less twice the log prior, that is ADBench's objective."""
    by_alphas, by_means, by_icf = (-array for array in gmm.gradient(ADBENCH_X, adbench_data()))
    icf = ADBENCH_X[2]
    prior = np.concatenate((-np.exp(2.0 * icf[:, :2]), -icf[:, 2:]), axis=1)  # γ = 1, m = 0
    for ours, golden in zip((by_alphas, by_means, by_icf - 2.0 * prior), ADBENCH_GRADIENT, strict=True):
        np.testing.assert_allclose(ours, np.asarray(golden), rtol=1e-12)


@pytest.mark.parametrize("sizes", ["components=5 dimension=4", "components=2 dimension=1", "components=3 dimension=6"])
def test_gmm_is_minus_the_log_posterior_of_scipys_distributions(sizes: str) -> None:
    problem = problems.find("gmm", sizes)
    x, data = problems.instance(problem, 7, "float64")
    alphas, means, icf = x
    X, d = data[0], data[0].shape[1]
    weights: Any = np.exp(alphas) / np.sum(np.exp(alphas))
    density: Any = np.zeros(len(X))
    prior: Any = 0.0
    for weight, mean, row in zip(weights, means, icf, strict=True):
        precision = factor(row, d).T @ factor(row, d)
        normal = stats.multivariate_normal(mean, np.linalg.inv(precision))
        density += weight * normal.pdf(X)
        prior += stats.wishart.logpdf(precision, d + gmm_prior.FREEDOM + 1, np.eye(d) / gmm_prior.GAMMA**2)
    assert problem.loss(np, x, data) == pytest.approx(-np.sum(np.log(density)) - prior)


def factor(row: Any, d: int) -> Any:
    """Return Q from one row of icf in ADBench's order: logarithms of the diagonal, then column by column."""
    Q, rest = np.diag(np.exp(row[:d])), iter(row[d:])
    for column in range(d):
        for below in range(column + 1, d):
            Q[below, column] = next(rest)
    return Q


def direction(x: Parameters, seed: int) -> Parameters:
    rng = np.random.default_rng(seed)
    return tree_map(lambda array: rng.standard_normal(array.shape), x)


def dot(x: Parameters, y: Parameters) -> float:
    return float(sum(np.vdot(array, other) for array, other in zip(tree_leaves(x), tree_leaves(y), strict=True)))


def test_a_wrong_array_after_a_right_one_is_caught() -> None:
    right = (np.ones(2), np.ones(3))
    for broken in (np.full(3, np.nan), np.full(3, 1.1)):
        assert not errors.relative_error((np.ones(2), broken), right) <= errors.tolerance("float32")
