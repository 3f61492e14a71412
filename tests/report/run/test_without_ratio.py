"""Rows whose rounds were not paired with NumPy's: every report of such a run, and of a run that has both kinds."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from report import table
from report.__main__ import main
from report.run import cases
from report.run.decisions import decide
from report.table.schema import Value
from report.write.text import summary
from tests import rows

NOTE = "No case has a ratio to NumPy: no rounds were paired with hand-derived NumPy. Times alone are compared there."
SIZES = (1, 100, 10_000)


def race(problem: str, *, paired: bool, **others: Value) -> list[rows.Row]:
    """Return a race of two backends at three batch sizes, of which `quick` is the faster; NumPy if it is `paired`."""
    times = {"quick": 2e-3, "slow": 4e-3} | ({"numpy": 1e-3} if paired else {})
    run = [
        rows.row(seconds, seconds / 1e-3 if paired else None, backend=name, batch_size=size, problem=problem)
        for size in SIZES
        for name, seconds in times.items()
    ]
    return [row | others for row in run]


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A run without any ratio."""
    return rows.write(tmp_path / "alone.csv", race("mine", paired=False))


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A run in which one problem has ratios, and another has none."""
    return rows.write(tmp_path / "both.csv", [*race("mine", paired=False), *race("quadratic", paired=True)])


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Return what the command prints, without the breaks of its lines."""
    assert main([*map(str, arguments)]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("alike_launches")
def test_the_time_alone_says_who_is_fastest(alone: Path) -> None:
    decided = decide(table.read(alone)).rows
    assert set(decided["fastest"]) == {"quick"}
    assert set(decided["verdict"]) == {"fastest"}
    assert decided["ratio"].isna().all()
    assert decided["margin_low"].to_numpy() == pytest.approx(2.0 * np.exp(-np.hypot(np.log(1 / 0.98), np.log(1.02))))


def test_if_one_backend_of_a_group_has_no_ratio_the_times_decide_between_all(tmp_path: Path) -> None:
    run = [
        rows.row(1e-3, 1.0, backend="a"),
        rows.row(2e-3, 1.0, backend="the same ratio"),
        rows.row(3e-3, None, backend="no ratio"),
    ]
    (decided,) = decide(table.read(rows.write(tmp_path / "run.csv", run))).rows.to_dict("records")
    assert (decided["verdict"], decided["fastest"], decided["runner_up"]) == ("fastest", "a", "the same ratio")
    (with_ratios,) = decide(table.read(rows.write(tmp_path / "two.csv", run[:2]))).rows.to_dict("records")
    assert with_ratios["verdict"] == "not separated"


def test_a_case_without_a_ratio_is_noisy_by_its_time_alone(tmp_path: Path) -> None:
    wide = rows.row(1e-3, None, backend="wide") | {"seconds_ci_high": 2e-3}
    every = cases.from_rows(table.read(rows.write(tmp_path / "run.csv", [rows.row(1e-3, None), wide])))
    assert cases.noisy(every).tolist() == [False, True]
    assert [bool(cases.noisy(row)) for _, row in every.iterrows()] == [False, True]
    assert np.isnan(every["ratio"]).all()


def test_the_summary_of_a_run_without_ratios_has_times_and_says_why(alone: Path) -> None:
    for text in (summary.text(table.read(alone), 120), summary.markdown(table.read(alone))):
        assert NOTE in text
        assert "×" not in text
        assert "fastest: separated from all others.\n" in text
    assert "*20.0 µs" in summary.text(table.read(alone), 120)


def test_the_summary_of_both_kinds_has_the_ratios_that_there_are(both: Path) -> None:
    text = summary.text(table.read(both), 120)
    assert "6 of 15 cases have no ratio to NumPy" in text
    assert "in time and in ratio" in text
    mine, quadratic = text.split("quadratic: ")
    assert "20.0 µs ×2.00" in quadratic
    assert "×–" not in mine


def test_best_leaves_the_column_of_ratios_out_and_says_why(
    alone: Path, both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "best", alone)
    assert "to numpy" not in text
    assert NOTE in text
    mine, quadratic = printed(capsys, "best", both).split("quadratic: ")
    assert "to numpy" not in mine
    assert "batch fastest per step to numpy margin" in quadratic
    written = csv.DictReader(io.StringIO(_written(capsys, "best", both)))
    assert {row["problem"]: bool(row["ratio"]) for row in written} == {"mine": False, "quadratic": True}


def test_costs_leaves_out_what_needs_numpy_and_says_so(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "costs", alone)
    assert "payback at" not in text
    assert "faster than numpy" not in text
    assert f"{NOTE} So there is no payback, nor a crossover with NumPy: --against BACKEND names another." in text
    assert "faster than slow" in printed(capsys, "costs", alone, "--against", "slow")
    written = list(csv.DictReader(io.StringIO(_written(capsys, "costs", alone))))
    assert {(row["ratio"], row["crossover"], row["payback"], row["payback_calls"]) for row in written} == {
        ("", "", "not known", "")
    }


def test_costs_of_both_kinds_has_paybacks_where_there_are_ratios(
    both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, quadratic = printed(capsys, "costs", both).split("quadratic: ")
    assert "payback at 10,000" not in mine
    assert "payback at 10,000" in quadratic
    assert "faster than numpy" in quadratic


def test_runs_without_ratios_are_compared_by_seconds_and_the_missing_control_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, factor in (("base", 1.0), ("head", 1.3)):
        times = [factor * (1.0 + 0.005 * launch) * 1e-3 for launch in range(5)]
        rows.write(tmp_path / f"{side}.csv", [row | rows.UNPAIRED for row in rows.launches(times, run=side)])
    files = [str(tmp_path / f"{side}.csv") for side in ("base", "head")]
    assert main(["compare", *files]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "1 regressed" in said
    assert "compared by seconds_median: not every launch has a ratio to NumPy of its device" in said
    assert "no negative control: no row has a ratio to NumPy, so a drift of the machine" in said
    assert main(["compare", *files, "--across-machines"]) == 0
    assert "inconclusive" in capsys.readouterr().out


def test_the_noise_floor_of_launches_without_ratios_is_that_of_their_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = [(1.0 + 0.01 * launch) * 1e-3 for launch in range(8)]
    run = rows.launches(times)
    with_ratios = printed(capsys, "noise", rows.write(tmp_path / "with.csv", run))
    without = printed(capsys, "noise", rows.write(tmp_path / "without.csv", [row | rows.UNPAIRED for row in run]))
    assert without == with_ratios  # the ratios of `rows.launches` are the seconds in another unit


def test_a_history_without_ratios_follows_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for night in (1, 2):
        run = race("mine", paired=False, run=f"night-{night}", started_utc=f"2026-01-0{night}T03:04:05+00:00")
        rows.write(tmp_path / f"{night}.csv", run)
    assert "quick at 100 2 20.0 µs 0" in printed(capsys, "trend", tmp_path)


def _written(capsys: pytest.CaptureFixture[str], command: str, path: Path) -> str:
    assert main([command, str(path), "--format", "csv"]) == 0
    return capsys.readouterr().out
