"""The critical value of many cases: it holds for all of them together, whatever they have in common."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from report.statistics import max_t, yuen


def launches(random: np.random.Generator, common: float, cases: int = 20, count: int = 10) -> np.ndarray:
    """Return the launches of cases that share a part of their noise."""
    return np.asarray(
        np.sqrt(common) * random.normal(size=(count, 1)) + np.sqrt(1.0 - common) * random.normal(size=(count, cases))
    )


def largest(base: np.ndarray, head: np.ndarray) -> float:
    """Return the largest |t| of the cases."""
    found = yuen.difference(yuen.trimmed(base), yuen.trimmed(head))
    return float(np.max(np.abs(found.shift) / found.error))


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_the_intervals_hold_for_all_cases_together(common: float) -> None:
    """In 100 comparisons of equal sides at 90 %, 10 are expected to have a case beyond the critical value.

    With the critical value of a single case, 91 would have one; 34 where the cases have most of their noise in common.
    """
    random = np.random.default_rng(0)
    beyond = 0
    for _ in range(100):
        base, head = launches(random, common), launches(random, common)
        beyond += largest(base, head) > max_t.critical(base, head, 0.9)
    assert 3 <= beyond <= 18


def test_cases_that_move_together_need_a_lower_critical_value_than_bonferronis() -> None:
    random = np.random.default_rng(1)
    base, head = launches(random, 0.99), launches(random, 0.99)
    bonferroni = t.ppf(1.0 - 0.01 / 20, 10)  # six of ten launches a side are kept
    assert max_t.critical(base, head, 0.98) < 0.8 * bonferroni


def test_a_launch_that_lacks_a_case_does_not_count_there() -> None:
    random = np.random.default_rng(2)
    base, head = launches(random, 0.0), launches(random, 0.0)
    base[0, 0] = np.nan
    assert np.isfinite(max_t.critical(base, head, 0.98))


def test_too_few_launches_for_the_confidence_have_no_critical_value() -> None:
    random = np.random.default_rng(3)
    seven, ten = (launches(random, 0.0, count=count) for count in (7, 10))
    assert np.isnan(max_t.critical(seven, ten, 0.98))
    assert np.isfinite(max_t.critical(ten, ten, 0.98))
    assert np.isnan(max_t.critical(ten, ten, 0.9999))
