"""The race: measures one case after the other, and appends each one's row as soon as it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np

from backends import Case, Found
from bench import machine, measure
from problems import find
from report import schema
from report.schema import Value

Timer: TypeAlias = Callable[[Callable[[], object], measure.Rounds], list[float]]
"""Times the rounds of a call, the pair after each, and returns the seconds a call, one a round."""

Row: TypeAlias = dict[str, Value]


@dataclass(frozen=True)
class Budget:
    """How long a case is measured: seconds a round, seconds for all rounds with their pairs, and how many at least."""

    min_round_seconds: float
    max_seconds: float
    min_rounds: int


@dataclass
class Race:
    """Measures cases with the backends that were found; `path` is the CSV that rows are appended to, if any."""

    found: Found
    budget: Budget
    path: Path | None = None
    run_name: str = ""
    launch: int = 0
    allocator: str = "default"
    rows: list[Row] = field(default_factory=list)
    timed_seconds: float = 0.0

    def run(self, case: Case, timer: Timer | None) -> Row:
        """Measure the case, keep its row, and return it. Without a timer the answer is checked and nothing is kept."""
        row = self._identity(case) | {"status": "ok", "reason": ""} | self._measured(case, timer)
        if timer is not None:
            self.rows.append(row)
            if self.path is not None:
                schema.append(self.path, row)
        return row

    def _measured(self, case: Case, timer: Timer | None) -> Row:
        if case.backend in self.found.missing:
            return {"status": "unavailable", "reason": self.found.missing[case.backend]}
        backend, problem = self.found.backends[case.backend], find(case.problem, case.sizes)
        version: Row = {"framework_version": backend.version()}
        if refusal := measure.refusal(case, backend, problem):
            return version | dict(zip(("status", "reason"), refusal, strict=True))
        try:
            prepared = measure.prepare(case, backend, problem)
            if timer is None:
                return version | measure.prepared_figures(prepared)
            with measure.no_garbage_collection():
                rounds = measure.plan(
                    prepared,
                    problem,
                    self.budget.min_round_seconds,
                    self.budget.max_seconds,
                    self.budget.min_rounds,
                )
                start = measure.clock()
                seconds = timer(prepared.call, rounds)
                self.timed_seconds += measure.clock() - start
            return version | measure.figures(prepared, rounds, seconds)
        except Exception as error:  # noqa: BLE001 (whatever a backend raises is its row's reason; the rest is raced)
            return version | measure.failure(error)

    def _identity(self, case: Case) -> Row:
        return {
            "schema": schema.VERSION,
            "run": self.run_name,
            "launch": self.launch,
            "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "allocator": self.allocator,
            "numpy_version": np.__version__,
            **machine.environment(),
            **vars(case),
        }


def new_path(folder: Path) -> Path:
    """Return the CSV of a run that starts now: `<UTC>-<commit>.csv`."""
    head, _ = machine.commit()
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{head}.csv"
