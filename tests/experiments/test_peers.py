"""The experiment on other gates: rules of others on launches that we kept."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from experiments import evidence, peers


def kept(path: Path, runs: list[float]) -> Path:
    """Write runs of ten launches each, whose case takes so long."""
    fixed = dict.fromkeys(evidence.KEPT, 1) | {"commit": "abc", "machine": "m", "backend": "numpy", "batch_size": 10}
    rows = [
        fixed | {"run": f"run{number}", "launch": launch, "seconds_median": seconds * (1.0 + 1e-4 * launch)}
        for number, seconds in enumerate(runs)
        for launch in range(10)
    ]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_each_gate_says_of_the_same_launches_whether_they_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if importlib.util.find_spec("pyperf") is None:
        pytest.skip("pyperf is not installed: pip install -c constraints.txt '.[peers]'")
    peers.main(["--kept", str(kept(tmp_path / "runs.csv", [1e-3, 1e-3, 1.07e-3, 1.07e-3]))])
    *table, _, commit = capsys.readouterr().out.splitlines()
    found = [row.split(" | ")[1].partition(" (")[0] for row in table[2:]]
    assert found == ["1 of 39", "0 of 39", "1 of 3", "0 of 3", "1 of 1"]
    assert commit.startswith("Measured at commit ")
