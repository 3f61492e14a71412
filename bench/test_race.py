"""The race: every selected case, one pytest item each, its rounds timed by pytest-benchmark.

`conftest.py` parametrises over scalars, in a shuffled order, and provides `race`, which measures them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backends import Case
from bench.case.rounds import Rounds
from bench.race import Race


def test_race(  # noqa: PLR0913, PLR0917 (pytest-benchmark groups and filters by parameters: a case is its scalars)
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
    def timed(call: Callable[[], object], rounds: Rounds) -> list[float]:
        benchmark.pedantic(call, rounds=rounds.rounds, iterations=rounds.iterations, teardown=rounds.after)
        seconds: list[float] = benchmark.stats.stats.data
        return seconds

    case = Case(operator, problem, backend, batch_size, dtype, device, steps, sizes)
    row = race.run(case, None if benchmark.disabled else timed)
    benchmark.extra_info.update(row)
    if row["status"] in ("unsupported", "unavailable"):
        pytest.skip(str(row["reason"]))
    if row["status"] != "ok":
        benchmark.skipped = True  # it has no time, by intent: pytest-benchmark need not warn of an unused fixture
        pytest.fail(f"{row['status']}: {row['reason']}", pytrace=False)
