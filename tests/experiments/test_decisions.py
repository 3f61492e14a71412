"""The simulations of the decision table and the costs run, briefly."""

from __future__ import annotations

import pytest

from experiments import decisions


def test_the_command_prints_a_row_for_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    decisions.main(["--fits", "2", "--races", "2", "--comparisons", "2", "--crossovers", "50"])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| what | holds | from |"
    fits, races, comparisons, crossovers = 9, 12, 6, 2
    assert len(table) == 2 + fits + races + comparisons + crossovers
    assert commit.startswith("Simulated at commit ")
