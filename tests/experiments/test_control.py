"""`python -m experiments.control` prints a row for each operator and batch size."""

from __future__ import annotations

import pytest

from experiments import control


def test_each_operator_and_batch_size_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    control.main(["--batch-size", "1", "100", "--seconds", "0.01", "--repeats", "2"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1:3] for line in lines[2:]] == [
        [" descent ", " 1 "],
        [" descent ", " 100 "],
        [" gradient ", " 1 "],
        [" gradient ", " 100 "],
    ]
    assert all(line.endswith("of 2 |") for line in lines[2:])


def test_an_interval_that_excludes_1_is_counted() -> None:
    rows = [
        {"ratio_to_numpy": ratio, "ratio_ci_low": ratio - 0.01, "ratio_ci_high": ratio + 0.01}
        for ratio in (0.98, 1.0, 1.005, 1.02)
    ]
    assert control.line("descent", 1000, rows).endswith("| 2 of 4 |")
