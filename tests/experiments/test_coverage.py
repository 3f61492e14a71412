"""The experiment on the coverage of intervals reads what pytest-benchmark writes."""

from __future__ import annotations

import json
from pathlib import Path

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
    assert table[0] == "| interval | holds the next window's median | windows | median half-width |"
    assert [row.split(" | ")[0] for row in table[2:]] == ["| independent rounds", "| blocks"]
    assert commit.startswith("Measured at commit ")


def test_too_few_rounds_are_refused(tmp_path: Path) -> None:
    rounds = tmp_path / "rounds.json"
    rounds.write_text(json.dumps({"benchmarks": [{"stats": {"data": [1.0] * 79}}]}), encoding="utf-8")
    with pytest.raises(SystemExit):
        coverage.main([str(rounds)])
