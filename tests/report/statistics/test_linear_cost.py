"""The linear cost model: the overhead of a step, and the cost per element of the batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from report.statistics import linear_cost
from report.statistics.intervals import Interval
from report.statistics.linear_cost import LinearCost

SIZES = (1, 100, 10_000, 1_000_000)

SOME_COST = st.tuples(st.floats(-9, -2), st.floats(-12, -7)).map(lambda powers: tuple(10.0**power for power in powers))


def fitted(sizes: ArrayLike, seconds: np.ndarray, half: float = 0.01) -> LinearCost:
    fit = linear_cost.fit(sizes, seconds, seconds / (1 + half), seconds * (1 + half))
    assert fit is not None
    return fit


def holds(interval: Interval, value: float) -> bool:
    return interval.low <= value * (1 + 1e-9) and value <= interval.high * (1 + 1e-9)


@given(SOME_COST)
def test_times_without_noise_give_back_their_costs(costs: tuple[float, float]) -> None:
    overhead, per_element = costs
    fit = fitted(SIZES, overhead + per_element * np.array(SIZES))
    assert holds(fit.overhead, overhead)
    assert holds(fit.per_element, per_element)
    assert abs(fit.residual) < 0.01
    assert not fit.poor


@given(SOME_COST, st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_costs_are_never_negative_and_within_their_intervals(costs: tuple[float, float], noise: list[float]) -> None:
    fit = fitted(SIZES, (costs[0] + costs[1] * np.array(SIZES)) * np.exp(noise))
    for cost in (fit.overhead, fit.per_element):
        assert 0.0 <= cost.low <= cost.center <= cost.high < np.inf


@pytest.mark.parametrize("assumed", [0.0, 0.1], ids=["intervals too narrow", "intervals as wide as the noise"])
@pytest.mark.parametrize("count", [3, 4, 7])
def test_intervals_hold_the_true_costs_in_95_of_100_fits(count: int, assumed: float) -> None:
    """This holds even where the measured intervals are too narrow, since the residuals show it."""
    random, sizes = np.random.default_rng(0), np.logspace(0, 6, count).astype(int)
    overhead, per_element, noise, trials = 2e-6, 5e-10, 0.1, 300
    fits = [
        fitted(sizes, (overhead + per_element * sizes) * np.exp(random.normal(0.0, noise, count)), 1.96 * assumed)
        for _ in range(trials)
    ]
    enough = 0.95 * trials - 3 * np.sqrt(trials * 0.95 * 0.05)  # three standard deviations below 95 %
    assert sum(holds(fit.overhead, overhead) for fit in fits) >= enough
    assert sum(holds(fit.per_element, per_element) for fit in fits) >= enough


@given(SOME_COST, st.lists(st.floats(-0.3, 0.3), min_size=4, max_size=4))
def test_the_fit_is_no_worse_than_scipys(costs: tuple[float, float], noise: list[float]) -> None:
    sizes = np.array(SIZES)
    times = (costs[0] + costs[1] * sizes) * np.exp(noise)

    def residuals(logs: np.ndarray) -> np.ndarray:
        return np.log(np.exp(logs[0]) + np.exp(logs[1]) * sizes) - np.log(times)

    fit = fitted(SIZES, times)
    ours = np.log(np.maximum([fit.overhead.center, fit.per_element.center], 1e-30))
    theirs = least_squares(residuals, np.log(costs)).x
    assert np.sum(residuals(ours) ** 2) <= np.sum(residuals(theirs) ** 2) + 1e-5  # a step of the search


def test_a_small_batch_counts_as_much_as_a_large_one() -> None:
    """Least squares of the seconds would fit the last two points alone: 2 µs are nothing compared with 5 s."""
    sizes = np.array([1, 100, 10_000, 10**10])
    fit = fitted(sizes, 2e-6 + 5e-10 * sizes)
    assert fit.overhead.center == pytest.approx(2e-6, rel=0.01)


def test_if_all_is_overhead_the_cost_per_element_may_be_zero() -> None:
    fit = fitted(SIZES, np.full(4, 1e-3))
    assert fit.overhead.center == pytest.approx(1e-3, rel=0.01)
    assert fit.per_element.low == 0.0
    assert fit.per_element.high < 1e-3 / 1e6


def test_if_all_is_per_element_the_overhead_may_be_zero() -> None:
    fit = fitted(SIZES, 1e-6 * np.array(SIZES))
    assert fit.per_element.center == pytest.approx(1e-6, rel=0.01)
    assert fit.overhead.low == 0.0


def test_times_that_are_not_linear_are_a_poor_fit_and_the_worst_point_is_named() -> None:
    times = 1e-6 + 1e-9 * np.array(SIZES) * np.array([1, 1, 8, 1])
    fit = fitted(SIZES, times)
    assert (fit.poor, fit.residual_at) == (True, 10_000)
    assert fit.residual > linear_cost.POOR


def test_a_point_that_is_off_within_its_own_interval_does_not_make_the_fit_poor() -> None:
    times = 1e-6 + 1e-9 * np.array(SIZES)
    off = times * np.array([1, 1, 2, 1])
    low, high = off / np.array([1.01, 1.01, 3, 1.01]), off * np.array([1.01, 1.01, 3, 1.01])
    fit = linear_cost.fit(SIZES, off, low, high)
    assert fit is not None
    assert not fit.poor
    assert fit.per_element.center == pytest.approx(1e-9, rel=0.05)


@pytest.mark.parametrize("sizes", [[], [100], [1, 100], [1, 100, 100]])
def test_two_batch_sizes_are_too_few(sizes: list[int]) -> None:
    nothing = np.full(len(sizes), np.nan)
    assert linear_cost.fit(sizes, np.ones(len(sizes)), nothing, nothing) is None
