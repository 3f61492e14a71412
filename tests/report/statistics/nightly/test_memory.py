"""The noise of a history: its size, and how much of it lasts from night to night."""

from __future__ import annotations

import numpy as np
import pytest

from report.statistics.nightly import memory
from report.statistics.nightly.memory import MIN_BEFORE
from tests.report.statistics.nightly.test_change_points import noise


def estimated(logs: np.ndarray) -> list[memory.Noise]:
    """Return the noise of a history in which every case has a value every night."""
    return memory.noise([*logs], [np.arange(logs.shape[1])] * len(logs))


@pytest.mark.parametrize("true", [0.0, 0.3, 0.5, 0.8])
def test_the_autocorrelation_is_estimated(true: float) -> None:
    assert estimated(noise(0, autocorrelation=true))[0].autocorrelation[-1] == pytest.approx(true, abs=0.15)


def test_outliers_and_steps_hardly_move_the_estimates() -> None:
    logs = noise(0)
    plain = estimated(logs)
    logs[:, 75:] += 0.2
    logs[:, ::50] += 0.5
    for clean, moved in zip(plain, estimated(logs), strict=True):
        assert moved.autocorrelation[-1] == pytest.approx(clean.autocorrelation[-1], abs=0.1)
        assert moved.innovation[-1] == pytest.approx(clean.innovation[-1], rel=0.2)


def test_a_series_with_another_noise_keeps_it() -> None:
    logs = noise(0)
    logs[3] *= 8.0
    every = np.array([own.deviation[-1] for own in estimated(logs)])
    assert every[3] > 4.0 * np.delete(every, 3).max()


def test_series_of_equal_noise_borrow_from_each_other() -> None:
    alone = [estimated(own[None, :])[0].innovation[40] for own in noise(0)]
    together = [own.innovation[40] for own in estimated(noise(0))]
    assert np.std(together) < 0.5 * np.std(alone)


def test_few_nights_say_nothing() -> None:
    (early,) = estimated(np.zeros((1, MIN_BEFORE - 1)))
    assert np.isnan(early.deviation).all()


def test_a_young_series_beside_an_old_one() -> None:
    old, young = noise(0, cases=2)
    own = [np.arange(len(old)), np.arange(120, len(old))]
    of_old, of_young = memory.noise([old, young[120:]], own)
    assert len(of_young.innovation) == len(old) - 120 + 1
    assert of_young.autocorrelation[-1] == of_old.autocorrelation[-1]
