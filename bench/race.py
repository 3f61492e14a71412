"""The race of one session: measures one case after another, and appends the row of each as soon as it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from backends import Case, Found
from bench.case.measure import Timer, measure
from bench.case.rounds import Budget, Call, Rounds, clock
from bench.case.row import Launch, Row
from report import table


@dataclass
class Race:
    """Measures cases with the backends in `found`, and appends their rows to the CSV at `path`, if there is one.

    `timed_seconds` is how long the rounds and paired rounds of all cases took.
    """

    found: Found
    budget: Budget
    path: Path | None = None
    launch: Launch = field(default_factory=Launch)
    rows: list[Row] = field(default_factory=list)
    timed_seconds: float = 0.0

    def run(self, case: Case, timer: Timer | None) -> Row:
        """Measure the case, keep its row, and return it. Without a timer, only check its answer and keep nothing."""
        if timer is None:
            return measure(case, self.found, self.budget, self.launch, None)
        row = measure(case, self.found, self.budget, self.launch, self._clocked(timer))
        self.rows.append(row)
        if self.path is not None:
            table.append(self.path, row)
        return row

    def _clocked(self, timer: Timer) -> Timer:
        """Return the timer that also adds its time to `timed_seconds`."""

        def clocked(call: Call, rounds: Rounds) -> list[float]:
            start = clock()
            seconds = timer(call, rounds)
            self.timed_seconds += clock() - start
            return seconds

        return clocked
