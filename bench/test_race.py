"""The race: each selected case is one pytest item, and pytest-benchmark drives and records its rounds.

`conftest.py` parametrises the test over the fields of the cases, in random order, and provides the fixture `race`.
A worker measures; pytest-benchmark sees its times on a clock that advances by what each round took, per call. So for
pytest-benchmark a round has one iteration; the number of calls is in `extra_info`. The marker below takes precedence
over `--benchmark-timer`, which has no effect here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backends import Case
from bench.case.failure import Trace
from bench.racing.race import Race
from report.errors import TableError
from report.table.keys import REFUSED


class WorkersClock:
    """A clock that stands still between rounds, and advances by what each took."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._seconds += seconds


CLOCK = WorkersClock()


@pytest.mark.benchmark(timer=CLOCK)
# A case without a time, and every case of a check, leaves the fixture unused by intent.
@pytest.mark.filterwarnings("ignore:Benchmark fixture was not used:pytest_benchmark.logger.PytestBenchmarkWarning")
def test_race(  # noqa: PLR0913, PLR0917 (pytest-benchmark groups and filters by parameters: a case is its fields)
    benchmark: Any,
    request: pytest.FixtureRequest,
    race: Race,
    operator: str,
    problem: str,
    backend: str,
    batch_size: int,
    dtype: str,
    device: str,
    steps: int,
    sizes: str,
    optimizer: str,
) -> None:
    def drive(rounds: int, time_round: Callable[[], float]) -> None:
        benchmark.pedantic(lambda: CLOCK.advance(time_round()), rounds=rounds, iterations=1)

    case = Case(operator, problem, backend, batch_size, dtype, device, steps, sizes, optimizer)
    try:
        row = race.run(case, None if benchmark.disabled else drive)
    except TableError as error:  # the disk is full: nothing that is measured from here on could be kept
        pytest.exit(str(error), returncode=1)
    benchmark.extra_info.update(row)
    if row["status"] in REFUSED:
        pytest.skip(str(row["reason"]))
    if row["status"] != "ok":
        if trace := of_style(race.trace, request.config.option.tbstyle):
            # A section of the report: the failure's own text is repeated in the summary, in full under CI.
            request.node.add_report_section("call", "traceback", trace)
        pytest.fail(f"{row['status']}: {row['reason']}", pytrace=False)


def of_style(trace: Trace, style: str) -> str:
    """Return the part of a traceback that pytest's `--tb` asks for, or nothing."""
    if style in {"line", "no"}:
        return ""
    return trace.whole if style in {"long", "native"} else trace.short
