"""Change points: a change that lasts is reported, noise and bad nights are not, however often somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from report.history.series import THRESHOLD
from report.statistics.nightly import change_points, memory
from report.statistics.nightly.change_points import MIN_RUNS, Step
from report.statistics.nightly.memory import MIN_BEFORE
from report.statistics.verdict import Verdict
from report.statistics.welch import Array

CASES, NIGHTS = 20, 150


def noise(seed: int, cases: int = CASES, nights: int = NIGHTS, autocorrelation: float = 0.5) -> Array:
    """Return the logarithms of a history: heavy-tailed noise of 3 %, of which a night hands a share on to the next."""
    new = 0.03 * np.random.default_rng(seed).standard_t(4, size=(cases, 100 + nights)) / np.sqrt(2)
    carried: Array = lfilter([np.sqrt(1 - autocorrelation**2)], [1.0, -autocorrelation], new)[:, 100:]
    return carried


def found(logs: Array | Sequence[Array], threshold: float = THRESHOLD) -> list[list[Step]]:
    """Return the changes of a history in which every case has a value every night."""
    return change_points.steps([np.exp(own) for own in logs], [np.arange(len(own)) for own in logs], threshold)


@pytest.mark.parametrize("autocorrelation", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_change_even_if_it_lasts_from_night_to_night(seed: int, autocorrelation: float) -> None:
    assert not any(found(noise(seed, autocorrelation=autocorrelation)))


def test_noise_that_lasts_would_be_a_change_if_it_were_taken_for_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault that this rule is made against: without the autocorrelation, the same histories have false changes."""
    monkeypatch.setattr(memory, "MAX_AUTOCORRELATION", 0.0)
    assert sum(any(found(1.4 * noise(seed))) for seed in range(4)) >= 3


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, Verdict.REGRESSED), (1 / 1.2, Verdict.IMPROVED)])
@pytest.mark.parametrize("seed", range(4))
def test_a_change_in_one_case_is_reported_where_it_began(seed: int, factor: float, verdict: Verdict) -> None:
    logs = noise(seed)
    logs[3, 60:] += np.log(factor)
    changes = found(logs[:, : 60 + 14])
    (step,) = changes.pop(3)
    assert not any(changes)
    assert step.verdict == verdict
    assert step.index == pytest.approx(60, abs=3)
    assert step.change.low < factor < step.change.high


@settings(max_examples=40)
@given(seed=st.integers(0, 999), before=st.integers(2 * MIN_BEFORE, 40), after=st.integers(MIN_RUNS + 2, 40))
def test_a_large_change_of_a_lone_series_is_reported_at_its_first_run(seed: int, before: int, after: int) -> None:
    logs = 0.01 * np.random.default_rng(seed).normal(size=before + after)
    logs[before:] += 0.7
    ((step,),) = found([logs])
    assert step.index == before
    assert step.change.center == pytest.approx(np.exp(0.7), rel=0.05)


@pytest.mark.parametrize("nights", [1, 2, 3])
def test_bad_nights_are_no_change(nights: int) -> None:
    logs = noise(0)
    logs[:, 70 : 70 + nights] += np.log(3.0)
    assert not any(found(logs))


def test_a_change_and_the_way_back_are_two_changes() -> None:
    logs = noise(0)
    logs[3, 50:90] += np.log(1.3)
    assert [step.verdict for step in found(logs)[3]] == [Verdict.REGRESSED, Verdict.IMPROVED]


def test_a_change_of_every_case_is_reported_in_every_case() -> None:
    logs = noise(0)
    logs[:, 60:] += np.log(1.3)
    assert [len(steps) for steps in found(logs)] == [1] * CASES


@pytest.mark.parametrize(("threshold", "reported"), [(0.05, True), (0.5, False)])
def test_only_changes_beyond_the_threshold_are_reported(threshold: float, reported: bool) -> None:  # noqa: FBT001
    logs = noise(0)
    logs[3, 60:] += np.log(1.3)
    assert bool(found(logs, threshold)[3]) == reported


@pytest.mark.parametrize("nights", [0, 1, MIN_BEFORE + MIN_RUNS - 1])
def test_a_short_series_has_no_change(nights: int) -> None:
    assert found([np.where(np.arange(nights) < nights / 2, 0.0, 1.0)]) == [[]]


def test_no_night_knows_of_a_later_one() -> None:
    """The alarms of a year's history up to a night are the alarms that were raised by that night."""
    logs = noise(0, nights=120)
    logs[3, 50:] += np.log(1.2)
    nights = [np.arange(120)] * CASES
    for night in (70, 90):
        early = memory.noise([own[:night] for own in logs], [own[:night] for own in nights])
        late = memory.noise([*logs], nights)
        for number in range(CASES):
            known = late[number].until(night)
            assert known.autocorrelation == pytest.approx(early[number].autocorrelation, nan_ok=True)
            assert known.innovation == pytest.approx(early[number].innovation, nan_ok=True)
            raised = change_points.alarms(logs[number], late[number], THRESHOLD, CASES)
            assert change_points.alarms(logs[number, :night], early[number], THRESHOLD, CASES) == [
                alarm for alarm in raised if alarm.found < night
            ]


def test_the_interval_of_a_change_is_wider_if_the_noise_lasts() -> None:
    widths = []
    for autocorrelation in (0.0, 0.7):
        logs = noise(1, autocorrelation=autocorrelation)
        logs[3, 75:] += np.log(1.4)
        (step,) = found(logs)[3]
        widths.append(np.log(step.change.high / step.change.low))
    assert widths[1] > 1.7 * widths[0]  # √((1 + 0.7) / (1 − 0.7)) is 2.4
