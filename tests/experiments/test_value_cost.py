"""The experiment on the cost of a value runs, briefly, and its ratios are the right way round."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import value_cost
from problems import PAIR


def test_the_command_prints_a_row_for_each_mode(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ["--batch-size", "1", "7", "--repeats", "1", "--seconds", "0.001"]
    value_cost.main(["--backend", "numpy", "--problem", "logistic", *quick])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[:3] for row in table[2:]] == [
        ["| `logistic`", "1", "`numpy`"],
        ["| `logistic`", "7", "`numpy`"],
    ]
    assert all(row.count(" [") == 2 for row in table[2:])
    assert commit.startswith("Measured at commit ")


def test_a_ratio_is_the_first_over_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls say on a clock of their own how long they take: value 1, gradient 2, and both 4 seconds."""
    seconds = {"value": 1.0, "gradient": 2.0, PAIR: 4.0}
    now = 0.0

    def call(_backend: Any, _case: Any, operator: str) -> Any:
        def advance() -> None:
            nonlocal now
            now += seconds[operator]

        return advance

    monkeypatch.setattr(value_cost, "_call", call)
    monkeypatch.setattr("bench.case.rounds.now", lambda: now)
    monkeypatch.setattr("bench.clock.now", lambda: now)
    assert value_cost.compare(None, None, 1.0) == (2.0, 0.75)  # type: ignore[arg-type]
