"""A run for github-action-benchmark, as its tool `customSmallerIsBetter` reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from report import __main__ as report
from tests import rows
from tests.rows import Row


def entries(path: Path, run: list[Row], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the JSON that `show` prints for a run."""
    rows.write(path, run)
    assert report.main(["show", str(path), "--format", "github-action-benchmark"]) == 0
    return list(json.loads(capsys.readouterr().out, parse_constant=pytest.fail))  # NaN is not JSON


@pytest.mark.usefixtures("alike_launches")
def test_a_case_has_a_name_a_unit_a_value_and_a_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (entry,) = entries(tmp_path / "run.csv", [rows.row(2e-3, 1.5), rows.row(None, backend="numpy")], capsys)
    assert entry == {
        "name": "quadratic: descent of 100 steps, float32, cpu, jax-loop at 100",
        "unit": "µs/step",
        "value": 20.0,
        "range": "± 0.4",
        "extra": "1 launch\n×1.50 of hand-derived NumPy",
    }


def test_each_case_has_a_name_of_its_own_and_its_launches_are_one_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = [rows.row(batch_size=size, problem="logistic", sizes=f"dimension={size}") for size in (1, 10)]
    found = entries(tmp_path / "run.csv", [*sizes, *rows.launches([1e-3, 2e-3, 3e-3])], capsys)
    assert len({entry["name"] for entry in found}) == len(found) == 3
    assert [entry["extra"].splitlines()[0] for entry in found] == ["1 launch", "1 launch", "3 launches"]


def test_a_run_without_any_time_is_an_empty_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entries(tmp_path / "run.csv", [rows.row(None)], capsys) == []
