"""A history: each case over time, and where it changed for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from report import __main__ as report
from report.commands import trend
from report.statistics import change_points
from report.statistics.change_points import MIN_RUNS
from report.statistics.verdict import Verdict
from tests import nights, rows
from tests.browser import launched, opened
from tests.checkout import ROOT

THRESHOLD = 0.05


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty nights, with the changes of `nights.CHANGES`."""
    folder = tmp_path_factory.mktemp("history")
    nights.write(folder, 80)
    return folder


@pytest.fixture(scope="module")
def found(history: Path) -> list[trend.Series]:
    return trend.read([history])


def night(folder: Path, number: int, seconds: float, ratio: float | None = 1.0, **others: str) -> None:
    started = {"run": f"{number:03}", "started_utc": f"2026-01-{number + 1:02}T03:00:00+00:00"}
    rows.write(folder / f"{number:03}.csv", [rows.row(seconds, ratio, **started, **others)])


def test_the_changes_are_found_where_they_are_and_no_others(found: list[trend.Series]) -> None:
    told = {(series.title, step.verdict) for series, step in trend.changes(found)}
    assert told == {
        ("jax-jit at 100", Verdict.REGRESSED),
        ("torch-sgd at 10,000", Verdict.REGRESSED),
        ("jax-loop at 1", Verdict.IMPROVED),
    }
    for series, step in trend.changes(found):
        share, factor = nights.CHANGES[series.points["backend"][0], series.points["batch_size"][0]]
        assert step.change.low < factor < step.change.high
        assert step.index == pytest.approx(80 * share, abs=2)  # a bad night beside it may hide where it began


def test_what_differs_at_a_change_is_named(tmp_path: Path) -> None:
    for number in range(20):
        late = number >= 10
        night(
            tmp_path,
            number,
            1e-3,
            2.0 if late else 1.0,
            framework_version="2.0" if late else "1.9",
            commit=f"c{late:d}",
        )
    (series,) = trend.read([tmp_path])
    (step,) = series.steps
    assert series.differences(step) == "commit c0 → c1, jax 1.9 → 2.0"
    assert [round(level, 3) for _, _, level in series.levels()] == [1.0, 2.0]


@given(seed=st.integers(0, 999), runs=st.integers(2, 60))
def test_noise_alone_is_no_change(seed: int, runs: int) -> None:
    values = np.exp(0.02 * np.random.default_rng(seed).standard_t(5, size=runs))
    assert change_points.steps(values, THRESHOLD, 0.999) == []


@given(seed=st.integers(0, 999), before=st.integers(MIN_RUNS, 40), after=st.integers(MIN_RUNS, 40))
def test_a_change_that_lasts_is_found_where_it_begins(seed: int, before: int, after: int) -> None:
    logs = 0.01 * np.random.default_rng(seed).normal(size=before + after)
    logs[before:] += 0.5
    (step,) = change_points.steps(np.exp(logs), THRESHOLD, 0.95)
    assert step.index == before
    assert step.change.center == pytest.approx(np.exp(0.5), rel=0.05)


def test_a_bad_night_is_no_change() -> None:
    values = np.ones(40) + 0.001 * np.arange(40) % 3
    values[[10, 25, 26]] = 5.0
    assert change_points.steps(values, THRESHOLD, 0.95) == []


def test_another_machine_is_another_series_and_no_step(tmp_path: Path) -> None:
    for number in range(24):
        night(tmp_path, number, 1e-3, 1.0 if number < 12 else 3.0, machine="old" if number < 12 else "new")
    assert [(len(series.points), series.steps) for series in trend.read([tmp_path])] == [(12, []), (12, [])]


def test_seconds_are_followed_where_a_run_has_no_ratio(tmp_path: Path) -> None:
    for number in range(20):
        night(tmp_path, number, 1e-3 if number < 10 else 2e-3, None if number == 3 else 1.0)
    (series,) = trend.read([tmp_path])
    assert (series.last, len(series.steps)) == ("20.0 µs", 1)


def test_runs_of_both_schemas_are_one_history(tmp_path: Path) -> None:
    night(tmp_path, 0, 1e-3)
    old = (ROOT / "results" / "baseline.csv").read_text(encoding="utf-8")
    (tmp_path / "old.csv").write_text(old, encoding="utf-8")
    assert sum(len(series.points) for series in trend.read([tmp_path])) == 41


def test_the_table_fits_80_columns_and_markdown_is_a_table(
    history: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert report.main(["trend", str(history)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("3 changes: 2 slower, 1 faster, in 40 series over 80 runs (beyond 5 %).")
    assert max(map(len, printed.splitlines())) <= 80
    assert report.main(["trend", str(history), "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("|2024-03-0") for line in lines)


@pytest.mark.parametrize(
    ("name", "words"), [("empty", "no CSV; keep a run a night"), ("none.csv", "none.csv: no such file")]
)
def test_what_is_no_history_is_one_line(
    tmp_path: Path, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert report.main(["trend", str(tmp_path / name)]) == 2
    assert words in capsys.readouterr().err


def test_a_run_that_is_in_two_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.csv", "b.csv"):
        rows.write(tmp_path / name, [rows.row()])
    assert report.main(["trend", str(tmp_path)]) == 2
    assert "is in an earlier file already" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


def test_the_page_shows_the_changes_and_each_case(browser: Browser, history: Path, tmp_path: Path) -> None:
    path = tmp_path / "trend.html"
    assert report.main(["trend", str(history), "-o", str(path)]) == 0
    shown = opened(browser, path)
    assert "jax-loop at 1" in shown.texts("#changes tbody tr")[0]
    assert len(shown.texts("#changes tbody tr")) == 3
    shown.page.locator("#changes button").nth(1).click()
    shown.page.wait_for_function("document.querySelector('#time .chart').textContent.includes('×1.2')")
    assert shown.page.get_by_label("batch_size").input_value() == "10000"
    shown.page.locator("#legend input[value='torch-sgd']").uncheck()
    shown.page.wait_for_function("!document.querySelector('#time .chart').textContent.includes('×1.2')")
    assert shown.said == []
    assert shown.requests == [path.as_uri()]
