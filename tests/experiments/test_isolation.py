"""The isolation experiment runs, briefly."""

from __future__ import annotations

import pytest

from experiments import isolation


@pytest.mark.night  # two races; test_isolation.py of bench compares both ways by day
def test_the_table_has_a_row_for_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    isolation.main(["--pairs", "1", "--backend", "numpy", "--batch-size", "1,10", "--max-time", "0.02"])
    printed = capsys.readouterr().out
    assert "| `numpy` | 1 | " in printed
    assert "| `numpy` | 10 | " in printed
    assert "Measured at commit" in printed
