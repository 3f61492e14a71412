"""The race of one session. It has one case after another measured, and appends each row as soon as it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from backends import Case
from bench import clock
from bench.case import row
from bench.case.failure import Failure, Trace, no_device
from bench.case.rounds import Budget
from bench.case.row import Launch, Row
from bench.process.client import StartError, WorkerError
from bench.process.protocol import Message
from bench.racing.referee import Referee
from report import table
from report.table.keys import framework

Drive: TypeAlias = Callable[[int, Callable[[], float]], object]
"""Drives the rounds of a case: `drive(rounds, time_round)` calls `time_round` `rounds` times.

`time_round` times one round, and returns its seconds per call.
"""


class LostError(Exception):
    """A case failed in a round, so it has no time. `answer` has its row, which says why."""

    def __init__(self, answer: Message) -> None:
        self.answer = answer
        super().__init__(answer["row"]["reason"])


@dataclass
class Race:
    """Measures cases, and appends their rows to the CSV at `path`.

    `timeout` is the limit for a whole case, in seconds. `timed_seconds` is the time that the rounds and paired rounds
    of all cases took. `trace` is the traceback of the last case, if it raised.
    """

    referee: Referee
    budget: Budget
    timeout: float
    path: Path
    launch: Launch
    rows: list[Row] = field(default_factory=list)
    timed_seconds: float = 0.0
    trace: Trace = field(default_factory=Trace)

    def run(self, case: Case, drive: Drive | None) -> Row:
        """Measure the case, keep its row, and return it. Without a drive, only check the answer, and keep no row."""
        started, self.trace = row.now(), Trace()
        try:
            columns = self._measured(case, drive)
        except LostError as error:
            columns = self._row_of(error.answer)
        except (WorkerError, StartError) as error:
            columns = self._row(case, started, self._failure(error))
        if drive is not None:
            self.rows.append(columns)
            table.append(self.path, columns)
        return columns

    def _measured(self, case: Case, drive: Drive | None) -> Row:
        if refused := self._refusal(case):
            return self._row(case, row.now(), refused)
        reference = self.referee.reference(case)
        if isinstance(reference, Failure):
            return self._row(case, row.now(), reference)
        end, peer = clock.now() + self.timeout, self.referee.peers.peer(case)
        budget = None if drive is None else asdict(self.budget)
        launch = {"run": self.launch.run, "launch": self.launch.number}
        request = {"case": vars(case), "budget": budget, "reference": reference} | launch
        answer = peer.ask("begin", end - clock.now(), **request)
        if "row" in answer or drive is None:
            return self._row_of(answer)

        def time_round() -> float:
            measured = peer.ask("time", end - clock.now())
            if "row" in measured:
                raise LostError(measured)
            self.timed_seconds += measured["elapsed"]
            return float(measured["seconds"])

        drive(answer["rounds"], time_round)
        return self._row_of(peer.ask("finish", end - clock.now()))

    def _row_of(self, answer: Message) -> Row:
        self.trace = Trace(**answer.get("trace", {}))
        return dict(answer["row"])

    def _refusal(self, case: Case) -> Failure | None:
        """Return why the case's framework or its device is not here. No worker is asked.

        For a case on a GPU, the workers of other frameworks are killed. That is worth it only if the case can run.
        """
        if missing := self.referee.inventory.missing.get(framework(case.backend)):
            return Failure("unavailable", missing)
        backend = self.referee.inventory.backends[case.backend]
        if case.device in backend.raised:
            return None
        return no_device(case.device, backend.known_devices, backend.missing_devices.get(case.device))

    def _row(self, case: Case, started: str, failure: Failure) -> Row:
        identity = row.identity(vars(case), self.launch, started, self.referee.peers.environment)
        return identity | row.failed(failure)

    def _failure(self, error: WorkerError | StartError) -> Failure:
        if isinstance(error, StartError):
            return Failure("crashed", str(error))
        if error.failure.status == "timeout":
            return Failure("timeout", f"it took longer than {self.timeout:g} s (--case-timeout)")
        return error.failure


def loop(rounds: int, time_round: Callable[[], float]) -> None:
    """Time the rounds one after the other."""
    for _ in range(rounds):
        time_round()
