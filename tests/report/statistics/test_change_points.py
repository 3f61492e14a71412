"""Change points: a change that lasts is reported, noise and single bad nights are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.history.series import THRESHOLD
from report.statistics import change_points
from report.statistics.change_points import MIN_RUNS


@given(seed=st.integers(0, 999), runs=st.integers(2, 60))
def test_noise_alone_is_no_change(seed: int, runs: int) -> None:
    values = np.exp(0.02 * np.random.default_rng(seed).standard_t(5, size=runs))
    assert change_points.steps(values, THRESHOLD, 0.999) == []


@given(seed=st.integers(0, 999), before=st.integers(MIN_RUNS, 40), after=st.integers(MIN_RUNS, 40))
def test_a_change_that_lasts_is_reported_at_its_first_run(seed: int, before: int, after: int) -> None:
    logs = 0.01 * np.random.default_rng(seed).normal(size=before + after)
    logs[before:] += 0.5
    (step,) = change_points.steps(np.exp(logs), THRESHOLD, 0.95)
    assert step.index == before
    assert step.change.center == pytest.approx(np.exp(0.5), rel=0.05)


def test_bad_nights_are_no_change() -> None:
    values = np.ones(40) + 0.001 * np.arange(40) % 3
    values[[10, 25, 26]] = 5.0
    assert change_points.steps(values, THRESHOLD, 0.95) == []
