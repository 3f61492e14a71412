"""The Hodges–Lehmann interval is the inverse of scipy's exact signed-rank test."""

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
    found = hodges_lehmann(samples, confidence)
    for end, outwards in ((found.low, -1e-9), (found.high, 1e-9)):
        assert wilcoxon(samples - (end + outwards), method="exact").pvalue <= 1.0 - confidence + 1e-12
        assert wilcoxon(samples - (end - outwards), method="exact").pvalue > 1.0 - confidence


@given(SAMPLES, st.floats(-10, 10))
def test_the_estimate_moves_with_the_samples_and_turns_with_their_sign(samples: np.ndarray, shift: float) -> None:
    found, moved = hodges_lehmann(samples, 0.95), hodges_lehmann(samples + shift, 0.95)
    np.testing.assert_allclose(np.array(moved), np.array(found) + shift, atol=1e-9)
    np.testing.assert_allclose(hodges_lehmann(-samples, 0.95), [-found.center, -found.high, -found.low], atol=1e-12)


def test_a_wild_sample_hardly_moves_it() -> None:
    calm = np.linspace(-0.01, 0.01, 14)
    wild = np.append(calm[:-1], 3.0)
    assert abs(hodges_lehmann(wild, 0.95).center) < 0.002 < abs(wild.mean())


@pytest.mark.parametrize(("samples", "confidence"), [(5, 0.95), (9, 0.9975)])
def test_too_few_samples_have_an_estimate_and_no_interval(samples: int, confidence: float) -> None:
    found = hodges_lehmann(np.arange(samples), confidence)
    assert found.center == (samples - 1) / 2
    assert np.isnan([found.low, found.high]).all()
