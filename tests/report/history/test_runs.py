"""Reading many runs into one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.history import runs
from report.table import TableError
from tests import nights, rows
from tests.checkout import ROOT


def test_runs_of_both_schemas_are_read_together(tmp_path: Path) -> None:
    nights.write_one(tmp_path, 0, 1e-3)
    baseline = (ROOT / "results" / "baseline.csv").read_text(encoding="utf-8")
    (tmp_path / "baseline.csv").write_text(baseline, encoding="utf-8")
    assert len(runs.points(runs.read([tmp_path]))) == 41


def test_a_series_is_of_seconds_if_a_run_has_no_ratio(tmp_path: Path) -> None:
    for night, ratio in enumerate([1.0, None, 1.0]):
        nights.write_one(tmp_path, night, 1e-3, ratio)
    points = runs.points(runs.read([tmp_path]))
    assert set(points["measure"]) == {runs.SECONDS}
    assert points["value"].tolist() == pytest.approx([1e-5] * 3)


def test_a_series_of_a_gpu_is_of_seconds(tmp_path: Path) -> None:
    for night in range(3):
        nights.write_one(tmp_path, night, 1e-3, device="cuda")
    assert set(runs.points(runs.read([tmp_path]))["measure"]) == {runs.SECONDS}


def test_another_machine_is_another_series(tmp_path: Path) -> None:
    for night in range(4):
        nights.write_one(tmp_path, night, 1e-3, machine="old" if night < 3 else "new")
    points = runs.points(runs.read([tmp_path]))
    assert points.groupby("series").size().tolist() == [1, 3]


def test_a_folder_without_a_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no CSV"):
        runs.read([tmp_path])


def test_runs_without_a_time_are_refused(tmp_path: Path) -> None:
    rows.write(tmp_path / "run.csv", [rows.row(None)])
    with pytest.raises(TableError, match="no case of any run has a time"):
        runs.points(runs.read([tmp_path]))


@pytest.mark.parametrize("together", [1, runs.FILES_AT_ONCE])
def test_a_row_in_two_files_is_refused(tmp_path: Path, together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "FILES_AT_ONCE", together)
    for name in ("a.csv", "b.csv"):
        rows.write(tmp_path / name, [rows.row()])
    with pytest.raises(TableError, match="two files hold rows of it" if together == 1 else "b.csv"):
        runs.read([tmp_path])
