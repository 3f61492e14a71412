"""The experiment on other gates: its races run, and pyperf compares them where it is installed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from experiments import peers

QUICK = ("--backend", "numpy", "--batch-size", "1", "--max-seconds", "0.02")


def test_races_are_compared_by_both_gates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)  # pytest-benchmark measures nothing where pytest-xdist runs the tests
    peers.main(["collect", str(tmp_path), "--races", "2", *QUICK])
    assert (tmp_path / "peer0.json").exists()
    assert (tmp_path / "peer1.json").exists()
    if importlib.util.find_spec("pyperf") is None:
        pytest.skip("pyperf is not installed: pip install -c constraints.txt '.[peers]'")
    peers.main(["table", str(tmp_path)])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert len(table) == 2 + len(peers.LIMITS) + 1
    assert commit.startswith("Measured at commit ")


def test_an_exceeded_limit_is_read_from_what_pytest_benchmark_prints() -> None:
    line = "Field 'mean' has failed PercentageRegressionCheck: 12.345678901 > 5.000000000"
    assert peers.FAILED.findall(line) == [("mean", "5.000000000")]
