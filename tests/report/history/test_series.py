"""Each case over time: the changes that are reported, and what else changed with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.history import series
from report.history.series import Difference
from report.statistics.verdict import Verdict
from tests import nights


def test_exactly_the_changes_of_a_history_are_reported(tmp_path: Path) -> None:
    nights.write(tmp_path, 80)
    changes = {}
    for change in series.read([tmp_path]).changes():
        case = change.first_run["backend"], change.first_run["batch_size"]
        changes[case] = change.step.verdict
        share, factor = nights.CHANGES[case]
        assert change.step.change.low < factor < change.step.change.high
        assert change.step.index == pytest.approx(80 * share, abs=2)  # a bad night next to it may hide the beginning
    assert changes == {
        ("jax-jit", 100): Verdict.REGRESSED,
        ("torch-optim", 10_000): Verdict.REGRESSED,
        ("jax-loop", 1): Verdict.IMPROVED,
    }


def test_the_latest_change_comes_first(tmp_path: Path) -> None:
    nights.write(tmp_path, 80)
    dates = [change.first_run["date"] for change in series.read([tmp_path]).changes()]
    assert dates == sorted(dates, reverse=True)


def test_a_change_names_the_versions_that_changed_with_it(tmp_path: Path) -> None:
    for night in range(20):
        late = night >= 10
        versions = {"framework_version": "2.0" if late else "1.9", "commit": f"c{late:d}"}
        nights.write_one(tmp_path, night, 1e-3, 2.0 if late else 1.0, **versions)
    history = series.read([tmp_path])
    (change,) = history.changes()
    assert change.differences() == [Difference("commit", "c0", "c1"), Difference("jax", "1.9", "2.0")]
    assert [(level.first, level.last) for level in change.series.levels()] == [(0, 9), (10, 19)]
    assert [level.value for level in change.series.levels()] == pytest.approx([1.0, 2.0])
    assert history.runs == 20


def test_another_machine_is_no_change(tmp_path: Path) -> None:
    for night in range(24):
        nights.write_one(tmp_path, night, 1e-3, 1.0 if night < 12 else 3.0, machine="old" if night < 12 else "new")
    history = series.read([tmp_path])
    assert len(history.series) == 2
    assert history.changes() == []


def test_a_series_of_seconds_has_changes_too(tmp_path: Path) -> None:
    for night in range(20):
        nights.write_one(tmp_path, night, 1e-3 if night < 10 else 2e-3, None if night == 3 else 1.0)
    assert len(series.read([tmp_path]).changes()) == 1
