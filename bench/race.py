"""The race: measures one case after the other, and appends each one's row as soon as it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np

from backends import Case, Found, probes_of
from bench import machine
from bench.case import audit, prepare
from bench.case.audit import Doubt
from bench.case.figures import figures, limit_figures, target_figures
from bench.case.memory import peak_bytes
from bench.case.pairs import reference_pair, value_pair
from bench.case.roofline import limit
from bench.case.rounds import Budget, Rounds, calibrate, clock, plan
from bench.case.target import steps_to_target
from problems import find
from report import table
from report.table import schema
from report.table.schema import Value

Timer: TypeAlias = Callable[[Callable[[], object], Rounds], list[float]]
"""Times the rounds of a call, the pairs after each, and returns the seconds a call, one a round."""

Row: TypeAlias = dict[str, Value]
T = TypeVar("T")


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
                table.append(self.path, row)
        return row

    def _measured(self, case: Case, timer: Timer | None) -> Row:
        if case.backend in self.found.missing:
            return {"status": "unavailable", "reason": self.found.missing[case.backend]}
        backend, problem = self.found.backends[case.backend], find(case.problem, case.sizes)
        version: Row = {"framework_version": backend.version()}
        if refusal := prepare.refusal(case, backend, problem):
            return version | dict(zip(("status", "reason"), refusal, strict=True))
        with probes_of(backend).empty_caches():
            try:
                prepared = prepare.prepare(case, backend, problem)
                return version | (prepare.prepared_figures(prepared) if timer is None else self._timed(prepared, timer))
            except Exception as error:  # noqa: BLE001 (what a backend raises is its row's reason; the rest is raced)
                return version | prepare.failure(error)

    def _timed(self, prepared: prepare.Prepared, timer: Timer) -> Row:
        """Time the rounds, and learn what is to be known beside them, not in their time."""
        doubts: list[Doubt] = []
        with prepare.no_garbage_collection():
            iterations, seconds = calibrate(prepared.call, self.budget.min_round_seconds)
            value = _beside(doubts, "gradient_over_value", lambda: value_pair(prepared, seconds))
            rounds = plan(iterations, seconds, reference_pair(prepared, seconds), value, self.budget)
            before = audit.compilations(prepared)
            start = clock()
            times = timer(prepared.call, rounds)
            self.timed_seconds += clock() - start
            compiled = audit.compilations(prepared) - before
        row = figures(prepared, rounds, times)
        seen = _beside(doubts, "audit", lambda: audit.evidence(prepared, times, rounds.reference, compiled))
        doubts += [] if seen is None else audit.doubts(seen)
        row |= _beside(doubts, "roofline_fraction", lambda: limit_figures(limit(prepared), row)) or {}
        if prepared.case.operator == "descent":
            row |= _beside(doubts, "steps_to_target", lambda: target_figures(steps_to_target(prepared), row)) or {}
        if self.budget.memory:
            row["peak_bytes"] = _beside(doubts, "peak_bytes", lambda: peak_bytes(prepared))
        return row | {"warnings": audit.text(doubts)}

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


def _beside(doubts: list[Doubt], column: str, learn: Callable[[], T]) -> T | None:
    """Return what is learnt beside the rounds; where that fails, `None`, and a doubt: the times stand all the same."""
    try:
        return learn()
    except Exception as error:  # noqa: BLE001 (whatever a backend raises)
        doubts.append(Doubt(f"no {column}", str(prepare.failure(error)["reason"])))
        return None


def new_path(folder: Path) -> Path:
    """Return the CSV of a run that starts now: `<UTC>-<commit>.csv`."""
    head, _ = machine.commit()
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{head}.csv"
