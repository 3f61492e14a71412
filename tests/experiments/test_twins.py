"""The experiment on equal backends runs, briefly, and counts winners among launches whose truth is known."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from experiments import twins
from report import table
from tests import rows


@pytest.mark.night  # two launches of races; what it counts in their rows is tested below
def test_what_is_collected_makes_the_table_and_is_not_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "TWINS", {"numpy": "numpy-inplace"})
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)  # pytest-benchmark measures nothing where pytest-xdist runs the tests
    file, kept = tmp_path / "twins.csv", tmp_path / "kept.csv"
    for launches in ("1", "2"):
        command = ["collect", str(file), "--launches", launches, "--batch-size", "3", "--seconds", "0.01"]
        twins.main([*command, "--kept", str(kept)])
    assert pd.read_csv(kept)["launch"].tolist() == [0, 0, 1, 1]
    capsys.readouterr()
    twins.main(["table", "--kept", str(kept)])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| what | found | from |"
    assert "of 2 (" in table[2]
    assert "of 4 (" in table[3]
    assert commit.startswith("Measured at commit ")


def test_a_difference_that_launches_explain_names_no_winner_and_a_larger_one_does(tmp_path: Path) -> None:
    def found(factor: float) -> list[str]:
        times = {"autograd": 1e-3, "twinautograd-twin": 1e-3 * factor}
        pair = [rows.row(seconds, seconds * 1e3, backend=name) for name, seconds in times.items()]
        frame = table.read(rows.write(tmp_path / f"{factor}.csv", pair))
        return [figure for _, figure, _ in twins.figures_of(frame)]

    assert found(1.05)[0].startswith("0 of 1 ")
    assert found(1.5)[0].startswith("1 of 1 ")
    assert found(1.0)[1].startswith("2 of 2 ")
