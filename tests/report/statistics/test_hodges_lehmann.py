"""The Hodges–Lehmann interval is the inverse of SciPy's exact signed-rank test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from report.statistics.hodges_lehmann import hodges_lehmann

SAMPLES = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).standard_normal(12))


@given(SAMPLES, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_test_rejects_just_outside_the_interval_and_not_inside(samples: np.ndarray, confidence: float) -> None:
    interval = hodges_lehmann(samples, confidence)
    for end, outwards in ((interval.low, -1e-9), (interval.high, 1e-9)):
        assert wilcoxon(samples - (end + outwards), method="exact").pvalue <= 1.0 - confidence + 1e-12
        assert wilcoxon(samples - (end - outwards), method="exact").pvalue > 1.0 - confidence


@given(SAMPLES, st.floats(-10, 10))
def test_shifting_or_negating_the_samples_does_the_same_to_the_interval(samples: np.ndarray, shift: float) -> None:
    center, low, high = hodges_lehmann(samples, 0.95)
    np.testing.assert_allclose(hodges_lehmann(samples + shift, 0.95), np.array([center, low, high]) + shift, atol=1e-9)
    np.testing.assert_allclose(hodges_lehmann(-samples, 0.95), [-center, -high, -low], atol=1e-12)


def test_an_outlier_hardly_moves_the_estimate() -> None:
    samples = np.append(np.linspace(-0.01, 0.01, 14)[:-1], 3.0)
    assert abs(hodges_lehmann(samples, 0.95).center) < 0.002 < abs(samples.mean())


@pytest.mark.parametrize(("samples", "confidence"), [(5, 0.95), (9, 0.9975)])
def test_too_few_samples_have_an_estimate_and_no_interval(samples: int, confidence: float) -> None:
    interval = hodges_lehmann(np.arange(samples), confidence)
    assert interval.center == (samples - 1) / 2
    assert np.isnan([interval.low, interval.high]).all()
