"""The experiment on the coverage of intervals reads what pytest-benchmark writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments import coverage
from tests.checkout import Checkout


def test_the_command_reads_the_rounds_of_a_race(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    rounds = checkout.path / "rounds.json"
    many = (f"--benchmark-json={rounds}", "--benchmark-min-rounds=80")
    done = checkout.race("--backend", "numpy", "--batch-size", "1", "--steps", "1", "--device", "cpu", *many)
    assert done.returncode == 0, done.stdout
    coverage.main([str(rounds)])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0].startswith("| rounds | independent rounds | the harness's own |")
    assert [row.split(" | ")[0] for row in table[2:]] == [f"| {size}" for size in coverage.WINDOWS if size <= 40]
    assert commit.startswith("Measured at commit ")


def test_independent_rounds_agree_as_often_as_in_random_order_and_drifting_ones_never() -> None:
    calm, drifting = np.random.default_rng(1).normal(1.0, 0.01, 4000), 1.0 + np.arange(4000) / 1e4
    for size in (6, 40):
        fields = coverage.row(size, [calm]).split("|")
        own, shuffled = (int(fields[column].split()[0]) for column in (3, 6))
        assert shuffled - 10 <= own  # the harness's own interval is wider
        assert coverage.row(size, [drifting]).split("|")[3] == " 0 % "


def test_too_few_rounds_are_refused(tmp_path: Path) -> None:
    rounds = tmp_path / "rounds.json"
    rounds.write_text(json.dumps({"benchmarks": [{"stats": {"data": [1.0] * 11}}]}), encoding="utf-8")
    with pytest.raises(SystemExit):
        coverage.main([str(rounds)])
