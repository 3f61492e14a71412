"""Yuen's t on trimmed means: SciPy's, for many cases at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_ind

from report.statistics import yuen


@pytest.mark.parametrize(("base", "head", "trim"), [(3, 4, 0.0), (5, 9, 0.0), (10, 10, yuen.TRIM), (11, 24, yuen.TRIM)])
def test_it_is_scipys(base: int, head: int, trim: float) -> None:
    random = np.random.default_rng(base)
    sides = [random.normal(size=(count, 6)) for count in (base, head)]
    found = yuen.difference(*map(yuen.trimmed, sides))
    low, high = found.within(0.95)
    for case in range(6):
        expected: Any = ttest_ind(sides[1][:, case], sides[0][:, case], equal_var=False, trim=trim)
        ends = expected.confidence_interval(0.95)
        assert found.shift[case] / found.error[case] == pytest.approx(expected.statistic)
        assert (low[case], high[case]) == pytest.approx((ends.low, ends.high))


def test_a_unit_without_a_case_does_not_count_there() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(8, 1))
    lacking = np.concatenate([values, [[np.nan], [np.nan]]])
    whole, partly = yuen.trimmed(values), yuen.trimmed(lacking)
    assert (whole.mean, whole.error, whole.count) == (partly.mean, partly.error, partly.count)


def test_one_launch_that_was_disturbed_hardly_moves_a_trimmed_mean() -> None:
    calm = 1e-2 * np.random.default_rng(0).normal(size=(10, 1))
    disturbed = calm.copy()
    disturbed[3] = 0.4
    assert abs(yuen.trimmed(disturbed).mean - yuen.trimmed(calm).mean) < 0.005
    assert abs(disturbed.mean() - calm.mean()) > 0.03


def test_too_few_launches_have_no_error() -> None:
    assert np.isnan(yuen.trimmed(np.ones((1, 2))).error).all()
    assert np.isnan(yuen.trimmed(np.full((4, 1), np.nan)).mean).all()
