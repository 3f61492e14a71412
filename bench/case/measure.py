"""Measure a case, from its arrays to its row. The race, `bench run` and the check all use this code.

A measurement is begun, timed round by round, and finished. The caller decides when a round begins: pytest-benchmark in
the race, a loop in a launch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import numpy as np

from backends import Case, Found
from bench import clock, machine
from bench.case import audit, row, startup
from bench.case.audit import Evidence
from bench.case.check.answers import Answered, require_answers, require_same_arrays
from bench.case.failure import Trace, failure_of, trace_of
from bench.case.figures.gpu import ramp, throttled
from bench.case.figures.memory import peak_bytes
from bench.case.figures.probe import probe
from bench.case.figures.roofline import limit
from bench.case.figures.target import curve, time_to_target
from bench.case.figures.warm_compile import warm_compile_seconds
from bench.case.pairs import moved_pair, reference_pair, value_pair
from bench.case.prepare import Prepared, find_refusal, prepare, relocate
from bench.case.rounds import Budget, Rounds, calibrate, no_garbage_collection, plan, round_seconds
from bench.case.row import Launch, Row
from problems import LBFGS, find
from report.table import curves
from report.table.warnings import AuditWarning, join

MOVES = 8
"""How often a case's arrays are moved during its rounds, if it has so many. Where they lie changes a time by some
percent."""

MAX_WARM_SECONDS = 0.02
"""A program whose calls take longer is not called for the sake of warmth alone once its arrays were moved."""

T = TypeVar("T")

Exceptions = tuple[type[BaseException], ...]


class Round(NamedTuple):
    """The times of a round: its seconds per call, and the elapsed seconds of the round with its paired rounds."""

    seconds: float
    elapsed: float


class Measurement:
    """The measurement of one case: call `begin`, then `round` for each round that `begin` returned, then `finish`.

    `reference` is the framework whose answers were kept for it, if the problem's gradient is not derived by hand.
    `caught` are the exceptions that become the reason in the row; all others are raised. Once an exception was caught,
    the case has no time, and only `finish` may be called. `trace` is the traceback of that exception, unless the answer
    was wrong.
    """

    def __init__(
        self, case: Case, found: Found, launch: Launch, caught: Exceptions = (Exception,), reference: str = ""
    ) -> None:
        self._case, self._found, self._caught, self._reference = case, found, caught, reference
        self._identity = row.identity(vars(case), launch, row.now(), machine.environment())
        self._columns: Row = {}
        self.trace = Trace()
        self._resources = ExitStack()
        self._timing: Timing | None = None

    def begin(self, budget: Budget | None) -> Rounds | None:
        """Prepare and check the case, and return the rounds to time, or `None` if there are none.

        Without a budget, only check the answer: there are no rounds.
        """
        try:
            if refused := find_refusal(self._case, self._found):
                self._columns = row.failed(refused)
            else:
                self._begin(budget)
        except self._caught as error:
            self._fail(error)
        return None if self._timing is None else self._timing.rounds

    def _begin(self, budget: Budget | None) -> None:
        backend, problem = self._found.backends[self._case.backend], find(self._case.problem, self._case.sizes)
        self._identity |= row.framework(self._case, backend) | row.reference(problem, self._reference)
        cold = budget is None or not budget.only_times
        if cold:
            self._resources.enter_context(startup.empty_caches(self._case, backend))
        prepared = prepare(self._case, backend, problem)
        self._columns = row.checked(prepared, cold=cold)
        if budget is not None:
            self._timing = Timing(prepared, budget, self._caught)
            self._timing.begin()

    def round(self) -> Round | None:
        """Time one round, and its paired rounds. Return `None` if the backend raised: the case has no time."""
        if self._timing is None:
            raise RuntimeError("the case has no rounds to time")
        try:
            return self._timing.round()
        except self._caught as error:
            self._fail(error)
            return None

    def finish(self) -> Row:
        """Return the row of the case. Figures other than the times are measured here, outside the rounds."""
        try:
            if self._timing is not None:
                self._columns |= self._timing.finish()
        except self._caught as error:
            self._fail(error)
        self._end()
        return self._identity | self._columns

    def _fail(self, error: BaseException) -> None:
        self._columns = row.raised(error, self._case)
        if self._columns["status"] != "wrong":
            self.trace = trace_of(error)
        self._end()

    def _end(self) -> None:
        if self._timing is not None:
            self._timing.resources.close()
        self._timing = None
        self._resources.close()


@dataclass
class Timing:
    """The timing of a prepared case: its rounds, their seconds per call so far, and all their CPU seconds."""

    prepared: Prepared
    budget: Budget
    caught: Exceptions
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    warnings: list[AuditWarning] = field(default_factory=list)
    resources: ExitStack = field(default_factory=ExitStack)
    compiled_before: int = 0
    _rounds: Rounds | None = None
    _moves: set[int] = field(default_factory=set)
    """After how many rounds the arrays move."""

    @property
    def rounds(self) -> Rounds:
        """The rounds to time, once they are planned."""
        if self._rounds is None:
            raise RuntimeError("the rounds are not planned yet")
        return self._rounds

    def begin(self) -> None:
        """Disable the garbage collector, calibrate a round, and plan the rounds with their paired rounds."""
        self.resources.enter_context(no_garbage_collection())
        ramp(self.prepared)
        iterations, seconds = calibrate(self.prepared.call, self.budget.min_round_seconds)
        value = None
        if not self.budget.only_times:
            value = self._or_warn("gradient_over_value", lambda: value_pair(self.prepared, seconds))
        self._rounds = plan(iterations, seconds, reference_pair(self.prepared, seconds), value, self.budget)
        self._moves = {self._rounds.rounds * move // (MOVES + 1) for move in range(1, MOVES + 1)} - {0}
        self.compiled_before = audit.compilations(self.prepared)

    def round(self) -> Round:
        """Time one round, and its paired rounds."""
        if len(self.seconds) in self._moves:
            self._move()
        start = clock.now()
        before, after = self.rounds.drawn()
        for pair in before:
            pair()
        used = clock.cpu()
        seconds = round_seconds(self.prepared.call, self.rounds.iterations)
        self.cpu_seconds += clock.cpu() - used
        for pair in after:
            pair()
        self.seconds.append(seconds / self.rounds.iterations)
        return Round(self.seconds[-1], clock.now() - start)

    def _move(self) -> None:
        """Move the arrays of the case, and those of the reference, elsewhere in memory. On a GPU they stay."""
        if self.prepared.case.device != "cpu":
            return
        self.prepared, reference = relocate(self.prepared), self.rounds.reference
        if reference is not None:
            self._rounds = replace(self.rounds, reference=moved_pair(reference, self.prepared))
        if self.seconds[-1] <= MAX_WARM_SECONDS:
            self.prepared.call()

    def finish(self) -> Row:
        """Return the columns of the case: its times, and the figures that are measured after them.

        Raise `WrongResultError` if the program that was timed is wrong when it is called again.
        """
        prepared, compiled = self.prepared, audit.compilations(self.prepared) - self.compiled_before
        self.resources.close()
        require_same_arrays(prepared.case, prepared.backend, prepared.host, prepared.placed)
        answered = require_answers(prepared.case, prepared.backend, prepared.problem, prepared.placed, prepared.run)
        cores = self.cpu_seconds / (sum(self.seconds) * self.rounds.iterations)
        columns = row.timed(prepared, self.rounds, self.seconds, cores)
        self.warnings += self._or_warn("throttling", lambda: throttled(prepared)) or []
        self.warnings += self._or_warn("audit", lambda: self._audit(answered, compiled, cores)) or []
        if not self.budget.only_times:
            columns |= self._figures(columns["seconds_per_step"])
        return columns | {"warnings": join(self.warnings)}

    def _figures(self, per_step: float) -> Row:
        """Return the columns that explain a time of `per_step` seconds a step."""
        prepared = self.prepared
        columns: Row = {}
        if prepared.case.optimizer != LBFGS:  # nobody counts its steps
            columns = self._or_warn("roofline_fraction", lambda: row.bounded(limit(prepared), per_step)) or {}
        if prepared.case.operator == "descent":
            columns |= self._to_target()
        if self.budget.memory:
            columns["peak_bytes"] = self._or_warn("peak_bytes", lambda: peak_bytes(prepared))
        if self.budget.warm_cache:  # last: the run that the other figures call is then compiled no more
            warm = self._or_warn("warm_compile_seconds", lambda: warm_compile_seconds(prepared))
            columns["warm_compile_seconds"] = warm
        return columns

    def _to_target(self) -> Row:
        reached = self._or_warn("seconds_to_target", lambda: time_to_target(self.prepared))
        columns = {} if reached is None else row.reached(reached)
        if self.budget.curve:
            columns["loss_curve"] = curves.join(self._or_warn("loss_curve", lambda: curve(self.prepared)) or [])
        return columns

    def _audit(self, answered: Answered, compiled: int, cores: float) -> list[AuditWarning]:
        found = probe(self.prepared, float(np.median(self.seconds)), answered)
        seconds, control = np.asarray(self.seconds), self.rounds.reference
        return audit.warnings_of(Evidence(self.prepared, seconds, control, compiled, cores, answered.result, found))

    def _or_warn(self, column: str, figure: Callable[[], T]) -> T | None:
        """Return the figure of `column`. If that fails, add a warning and return `None`: the times stay valid."""
        try:
            return figure()
        except self.caught as error:
            self.warnings.append(AuditWarning(f"no {column}", failure_of(error).reason))
            return None


def check(case: Case, found: Found) -> Row:
    """Check the answer of a case and return its row, without a time."""
    measurement = Measurement(case, found, Launch())
    measurement.begin(None)
    return measurement.finish()
