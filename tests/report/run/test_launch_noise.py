"""What launches differ by: estimated from runs, kept, and part of every interval of one or two launches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from report import __main__ as report
from report import table
from report.errors import ReportError
from report.run import cases, launch_noise
from report.run.fastest import fastest
from tests import rows


def run(path: Path, deviation: float, launches: int = 200, seed: int = 0, **others: table.schema.Value) -> pd.DataFrame:
    """Return a run whose launches have this standard deviation."""
    times = 1e-3 * np.random.default_rng(seed).lognormal(sigma=deviation, size=launches)
    return table.read(rows.write(path, [row | others for row in rows.launches([float(time) for time in times])]))


def test_the_estimate_is_what_launches_differ_by(tmp_path: Path) -> None:
    (found,) = launch_noise.estimated(run(tmp_path / "run.csv", 0.04)).to_dict("records")
    assert found["seconds"] == pytest.approx(0.04, rel=0.15)
    assert (found["machine"], found["batch_size"], found["launches"]) == ("a1b2c3d4e5", 100, 200)


def test_a_launch_that_was_disturbed_hardly_moves_the_estimate(tmp_path: Path) -> None:
    frame = run(tmp_path / "run.csv", 0.04, launches=20)
    before = launch_noise.estimated(frame)["seconds"].iloc[0]
    frame["seconds_median"] *= np.where(np.arange(20) == 3, 3.0, 1.0)
    assert launch_noise.estimated(frame)["seconds"].iloc[0] == pytest.approx(before, rel=0.25)


def test_each_batch_size_has_its_own_estimate_in_whatever_order_its_rows_come(tmp_path: Path) -> None:
    for size, deviation in ((1_000_000, 0.10), (1, 0.01), (100, 0.03)):
        run(tmp_path / "run.csv", deviation, batch_size=size)
    frame = table.read(tmp_path / "run.csv").sample(frac=1.0, random_state=0)
    found = launch_noise.estimated(frame).set_index("batch_size")["seconds"]
    assert found.to_dict() == pytest.approx({1: 0.01, 100: 0.03, 1_000_000: 0.10}, rel=0.2)


def test_too_few_launches_give_no_estimate(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no case has 6 launches"):
        launch_noise.estimated(run(tmp_path / "run.csv", 0.04, launches=5))


def test_an_interval_of_one_launch_includes_the_floor_where_nothing_is_known(tmp_path: Path) -> None:
    steady = [rows.row(1e-3, batch_size=size) for size in (100, 1_000_000)]
    found = cases.from_rows(table.read(rows.write(tmp_path / "run.csv", steady)))
    halves = np.log(found["seconds_high"] / found["seconds"])
    assert (halves > 1.96 * np.array([launch_noise.FLOOR, launch_noise.LARGE_FLOOR])).all()
    assert (halves < 1.5 * 1.96 * np.array([launch_noise.FLOOR, launch_noise.LARGE_FLOOR])).all()
    assert not found["launch_known"].any()


def test_what_was_kept_counts_on_its_machine_and_threads_and_at_the_nearest_batch_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.csv"
    monkeypatch.setattr(launch_noise, "PATH", path)
    monkeypatch.setattr(launch_noise.of, "__defaults__", (path,))
    monkeypatch.setattr(launch_noise.keep, "__defaults__", (path,))
    monkeypatch.setattr("report.compare.noise_floor.GATES", 10)
    for size, deviation in ((1, 0.01), (1_000_000, 0.10)):
        run(tmp_path / "runs.csv", deviation, launches=40, batch_size=size)
    assert report.main(["noise", str(tmp_path / "runs.csv"), "--keep"]) == 0
    assert "Kept for single launches on this machine: launches differ by " in capsys.readouterr().out
    frame = table.read(
        rows.write(
            tmp_path / "one.csv",
            [
                *(rows.row(batch_size=size) for size in (10, 10_000_000)),
                rows.row(machine="another", batch_size=10, launch=1),
                rows.row(threads=7, batch_size=10, launch=2),
            ],
        )
    )
    found = launch_noise.of(frame)
    assert found.seconds == pytest.approx([0.01, 0.10, launch_noise.FLOOR, launch_noise.FLOOR], rel=0.3)
    assert found.known.tolist() == [True, True, False, False]
    assert report.main(["noise", str(tmp_path / "runs.csv"), "--keep"]) == 0  # it replaces what was there
    assert len(pd.read_csv(path)) == 2


def test_a_file_that_report_noise_did_not_write_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ReportError, match="not what `report noise --keep` wrote"):
        launch_noise.of(run(tmp_path / "run.csv", 0.01, launches=2), path)


def test_the_samples_of_a_duel_cannot_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.report.compare.test_noise_floor import samples  # noqa: PLC0415 (a helper of other tests)

    assert report.main(["noise", str(samples(tmp_path / "samples.csv", 0.01)), "--keep"]) == 2
    assert "--keep: needs runs of several launches" in capsys.readouterr().err


def test_one_launch_does_not_separate_what_launches_may_explain_and_separates_more(tmp_path: Path) -> None:
    """Simulated: launches that differ by the floor, of two equal backends, and of one that is 20 % faster."""
    random = np.random.default_rng(0)
    named = {1.0: 0, 0.8: 0}
    for factor in named:
        races = []
        for number in range(100):
            times = 1e-3 * random.lognormal(sigma=launch_noise.FLOOR, size=2) * np.array([factor, 1.0])
            races += [
                rows.row(float(time), float(1e3 * time), backend=name, batch_size=number + 1)
                for time, name in zip(times, "ab", strict=True)
            ]
        every = cases.from_rows(table.read(rows.write(tmp_path / f"{factor}.csv", races)))
        found = [fastest(race) for _, race in every.groupby("batch_size")]
        named[factor] = sum(race is not None and race.separated for race in found)
    assert named[1.0] <= 5
    assert named[0.8] >= 95
