"""The race: each selected case is one pytest item, and pytest-benchmark times its rounds.

`conftest.py` parametrises the test over the fields of the cases, in random order, and provides the fixture `race`.
"""

from __future__ import annotations

from typing import Any

import pytest

from backends import Case
from bench.case.rounds import Call, Rounds
from bench.race import Race
from report.table.keys import REFUSED


def test_race(  # noqa: PLR0913, PLR0917 (pytest-benchmark groups and filters by parameters: a case is its fields)
    benchmark: Any,
    race: Race,
    operator: str,
    problem: str,
    backend: str,
    batch_size: int,
    dtype: str,
    device: str,
    steps: int,
    sizes: str,
) -> None:
    def timed(call: Call, rounds: Rounds) -> list[float]:
        benchmark.pedantic(call, rounds=rounds.rounds, iterations=rounds.iterations, teardown=rounds.after)
        seconds: list[float] = benchmark.stats.stats.data
        return seconds

    case = Case(operator, problem, backend, batch_size, dtype, device, steps, sizes)
    row = race.run(case, None if benchmark.disabled else timed)
    benchmark.extra_info.update(row)
    if row["status"] in REFUSED:
        pytest.skip(str(row["reason"]))
    if row["status"] != "ok":
        benchmark.skipped = True  # no time by intent, so pytest-benchmark need not warn that its fixture is unused
        pytest.fail(f"{row['status']}: {row['reason']}", pytrace=False)
