"""The cases of a run: by what their times are divided."""

from __future__ import annotations

from pathlib import Path

from report import table
from report.run import cases
from report.write.text import summary
from tests import rows


def test_a_time_of_lbfgs_is_that_of_the_whole_descent(tmp_path: Path) -> None:
    run = [rows.row(1e-3, optimizer=optimizer) for optimizer in ("sgd", "adam", "lbfgs")]
    frame = table.read(rows.write(tmp_path / "run.csv", run))
    per_step = cases.from_rows(frame).set_index("optimizer")["seconds_per_step"]
    assert per_step.to_dict() == {"sgd": 1e-5, "adam": 1e-5, "lbfgs": 1e-3}
    text = " ".join(summary.text(frame, 80).split())
    assert "quadratic: descent of 100 steps, float32, cpu: time per step" in text
    assert "quadratic: descent of 100 steps by adam, float32, cpu: time per step" in text
    assert "quadratic: descent of at most 100 steps by lbfgs, float32, cpu: time per call" in text
