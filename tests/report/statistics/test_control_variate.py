"""The weight of the paired reference: what it explains of a case's scatter, shrunk towards nothing."""

from __future__ import annotations

import numpy as np
import pytest

from report.statistics.control_variate import weights

CASES, LAUNCHES = 10, 12
CODES = np.repeat(np.arange(CASES), LAUNCHES)
ONE_GROUP = np.zeros(CASES * LAUNCHES, dtype=np.intp)


def simulated(seed: int, common: float, own: float, of_reference: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of a case and of its reference: noise in common, and of their own."""
    random = np.random.default_rng(seed)
    machine, case, reference = random.normal(size=(3, CASES * LAUNCHES))
    levels = 5.0 * CODES
    return levels + common * machine + own * case, common * machine + of_reference * reference


@pytest.mark.parametrize(("common", "own", "of_reference", "expected"), [(1.0, 0.1, 0.1, 1.0), (1.0, 0.3, 1.0, 0.5)])
def test_the_weight_is_what_the_reference_explains(
    common: float, own: float, of_reference: float, expected: float
) -> None:
    found = weights(*simulated(0, common, own, of_reference), CODES, ONE_GROUP, 1)
    assert found[0] == pytest.approx(expected, abs=0.12)


def test_a_reference_that_explains_nothing_has_no_weight_or_hardly_any() -> None:
    found = np.array([weights(*simulated(seed, 0.0, 1.0, 1.0), CODES, ONE_GROUP, 1)[0] for seed in range(100)])
    assert (
        np.mean(found > 0.0) < 0.3
    )  # half of the slopes are positive, and most of these are no larger than their error
    assert max(found) < 0.3


def test_the_weight_is_never_beyond_the_ratio_nor_negative() -> None:
    case, reference = simulated(0, 1.0, 0.1, 0.1)
    assert weights(3.0 * case, reference, CODES, ONE_GROUP, 1)[0] == 1.0
    assert weights(-case, reference, CODES, ONE_GROUP, 1)[0] == 0.0


def test_each_group_has_its_own_weight_and_one_without_launches_has_none() -> None:
    case, reference = simulated(0, 1.0, 0.1, 0.1)
    noise = np.random.default_rng(1).normal(size=case.size)
    groups = CODES % 2
    found = weights(np.where(groups == 0, case, noise), reference, CODES, groups, 3)
    assert found[0] > 0.9
    assert found[1] < 0.3
    assert found[2] == 0.0


def test_one_launch_of_a_case_says_nothing() -> None:
    one = np.arange(4)
    assert weights(np.ones(4), np.arange(4.0), one, np.zeros(4, dtype=np.intp), 1)[0] == 0.0
