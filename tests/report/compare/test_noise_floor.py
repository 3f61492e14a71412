"""`python -m report noise`: what a gate can see on this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from report import __main__ as report
from report.compare import noise_floor
from report.table.keys import CASE
from tests import rows


def samples(path: Path, deviation: float, pairs: int = 14) -> Path:
    """Write the samples of a duel: two cases, three rounds per pair, and pairs with this standard deviation."""
    random = np.random.default_rng(4)
    key = {name: rows.PLAIN[name] for name in CASE}
    rounds = [
        {"stage": 1, "pair": pair, "cpu": 0, **key, "batch_size": size, "iterations": 1}
        | {"base_seconds": 1e-3, "head_seconds": 1e-3 * np.exp(log)}
        for size in (1, 100)
        for pair, log in enumerate(random.normal(0.0, deviation, pairs))
        for _ in range(3)
    ]
    pd.DataFrame(rounds).to_csv(path, index=False)
    return path


def test_the_pools_are_the_medians_of_the_pairs(tmp_path: Path) -> None:
    by_case = noise_floor.pools(pd.read_csv(samples(tmp_path / "samples.csv", 0.01), keep_default_na=False))
    assert {len(logs) for logs in by_case.values()} == {14}
    assert len(by_case) == 2


def test_a_gate_that_is_tighter_than_the_noise_floor_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = samples(tmp_path / "samples.csv", 0.02)
    assert report.main(["noise", str(path)]) == 0
    assert "nothing changed" in capsys.readouterr().out
    assert report.main(["noise", str(path), "--threshold", "0.1%"]) == 2
    assert "a gate at 0.1 % is tighter than the noise floor" in capsys.readouterr().err


def test_two_problems_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rounds = pd.read_csv(samples(tmp_path / "samples.csv", 0.01), keep_default_na=False)
    both = pd.concat([rounds, rounds.assign(problem="logistic")])
    both.to_csv(tmp_path / "samples.csv", index=False)
    assert report.main(["noise", str(tmp_path / "samples.csv")]) == 0
    heading, _, *lines = capsys.readouterr().out.splitlines()
    assert heading.startswith("backend, problem ")
    assert [line.split()[:3] for line in lines[:4]] == [
        ["jax-loop", problem, size] for problem in ("logistic", "quadratic") for size in ("1", "100")
    ]


def test_on_a_noisier_machine_only_larger_changes_are_visible(tmp_path: Path) -> None:
    quiet, loud = (noise_floor.of_files([samples(tmp_path / f"{sd}.csv", sd)]) for sd in (0.002, 0.02))
    assert quiet.floor < loud.floor
    assert (quiet.visible(0.03) < loud.visible(0.03)).all()
    assert quiet.false_alarms(0.03) <= loud.false_alarms(0.03)


def test_the_launches_of_a_run_are_compared_in_random_halves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3 * (1 + 0.01 * number) for number in range(8)]))
    assert report.main(["noise", str(path)]) == 0
    assert "comparisons drawn from the data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "not the columns of schema"),
        (None, "No such file"),
    ],
)
def test_a_file_without_usable_data_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_text(content)
    assert report.main(["noise", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_a_time_that_is_not_positive_is_named_by_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = samples(tmp_path / "samples.csv", 0.01)
    path.write_text(path.read_text().replace("0.001,", "-0.001,", 1))
    assert report.main(["noise", str(path)]) == 2
    assert f"{path}:2: column 'base_seconds'" in capsys.readouterr().err


def test_runs_and_samples_of_duels_cannot_be_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, duel = rows.write(tmp_path / "run.csv", [rows.row()]), samples(tmp_path / "samples.csv", 0.01)
    assert report.main(["noise", str(run), str(duel)]) == 2
    assert f"{run}: has no samples of a duel, but {duel} has" in capsys.readouterr().err


def test_too_few_pairs_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["noise", str(samples(tmp_path / "samples.csv", 0.01, pairs=4))]) == 2
    assert "fewer than 8 process pairs" in capsys.readouterr().err
