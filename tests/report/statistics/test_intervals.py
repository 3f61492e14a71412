"""The interval of a case's rounds: the sign test's, widened because neighbouring rounds are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import quantile_test

from report.statistics.intervals import median_interval, rounds_interval


@pytest.mark.parametrize(("count", "factor"), [(6, 1.25), (11, 1.25), (12, 2.0), (80, 2.0)])
def test_the_interval_of_rounds_is_wider_by_a_factor_on_either_side(count: int, factor: float) -> None:
    rounds = np.random.default_rng(count).normal(1.0, 0.01, count)
    plain, widened = median_interval(rounds), rounds_interval(rounds)
    assert widened.center == plain.center
    assert widened.low == pytest.approx(plain.center - factor * (plain.center - plain.low))
    assert widened.high == pytest.approx(plain.center + factor * (plain.high - plain.center))


def test_the_interval_of_a_time_does_not_reach_below_0() -> None:
    assert rounds_interval([0.1, 0.1, 0.1, 1.0, 1.0, 1.0]).low == 0.0


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_interval_of_a_median_is_that_of_scipys_sign_test(confidence: float) -> None:
    for size in range(1, 40):
        samples = np.random.default_rng(size).normal(size=size)
        expected: Any = quantile_test(samples).confidence_interval(confidence)
        found = median_interval(samples, confidence)[1:]
        np.testing.assert_array_equal(found, (expected.low, expected.high))


def test_too_few_rounds_have_no_interval() -> None:
    assert np.isnan(rounds_interval([1.0, 1.0, 1.0])[1:]).all()
