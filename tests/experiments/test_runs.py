"""The experiment on runs runs, briefly, and counts what `compare` says of runs whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import evidence, runs


@pytest.mark.night  # two races; the figures are checked below, by day
def test_what_is_collected_makes_the_table_and_is_not_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = str(tmp_path / "kept.csv")
    brief = ("--backend", "numpy,numpy-inplace", "--batch-size", "1", "--max-time", "0.01", "--launches", "3")
    for count in ("1", "2"):
        runs.main(["collect", str(tmp_path / "runs"), "--runs", count, *brief, "--kept", kept])
    assert pd.read_csv(kept).groupby("run").size().to_dict() == {"run0": 6, "run1": 6}
    capsys.readouterr()
    monkeypatch.setattr(runs.figures_of, "__defaults__", (3,))
    runs.main(["table", "--kept", kept])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| what | found | from |"
    assert any("two runs: suites that fail at 5 %" in row for row in table)
    assert commit.startswith("Measured at commit ")


def test_a_slower_backend_is_found_and_equal_runs_do_not_fail(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    fixed = dict.fromkeys(evidence.KEPT, 1.0) | {"commit": "abc", "machine": "m", "threads": 1, "steps": 5}
    rows = [
        fixed
        | {"run": f"run{run}", "launch": launch, "backend": backend, "batch_size": 10}
        | {"seconds_median": 1e-3 * random.lognormal(sigma=0.005)}
        for run in range(2)
        for launch in range(10)
        for backend in ("numpy", "autograd")
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "kept.csv", index=False)
    found = {what: figure for what, figure, _ in runs.figures_of(evidence.read(tmp_path / "kept.csv"), 5)}
    assert found["two runs: suites that fail at 5 %"].startswith("0 of 1 ")
    assert found["two runs, one backend slower by 10 %, cases below 100,000: found at 5 %"].startswith("2 of 2 ")
