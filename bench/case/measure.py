"""The one way to measure a case, from its arrays to its row, whoever asks for it.

The rounds are driven by a timer. pytest-benchmark drives them in the race, `rounds.time_rounds` in a launch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias, TypeVar

from backends import Case, Found
from bench import machine
from bench.case import audit, row
from bench.case.failure import failure_of
from bench.case.memory import peak_bytes
from bench.case.pairs import reference_pair, value_pair
from bench.case.prepare import Prepared, find_refusal, prepare
from bench.case.roofline import limit
from bench.case.rounds import Budget, Call, Rounds, calibrate, no_garbage_collection, plan
from bench.case.row import Launch, Row
from bench.case.target import steps_to_target
from problems import find
from report.table.warnings import AuditWarning, join

Timer: TypeAlias = Callable[[Call, Rounds], list[float]]
"""Times the rounds of a call with their paired rounds, and returns the seconds per call of each round."""

T = TypeVar("T")


class Timed(NamedTuple):
    """What the rounds gave: their plan, the seconds per call of each, and how often the framework compiled in them."""

    rounds: Rounds
    seconds: list[float]
    compiled: int


def measure(case: Case, found: Found, budget: Budget, launch: Launch, timer: Timer | None) -> Row:
    """Measure the case and return its row. Without a timer, only its answer is checked.

    A case that cannot run, fails or gives a wrong answer has a row with its status and reason. Nothing that a backend
    raises leaves this function, unless it is no `Exception`.
    """
    identity = row.identity(vars(case), launch, row.now(), machine.environment())
    if case.backend in found.backends:
        identity["framework_version"] = found.backends[case.backend].version()
    if refused := find_refusal(case, found):
        return identity | row.failed(refused)
    backend, problem = found.backends[case.backend], find(case.problem, case.sizes)
    with backend.probes.empty_caches():
        try:
            prepared = prepare(case, backend, problem)
            return identity | (row.checked(prepared) if timer is None else _figures(prepared, budget, timer))
        except Exception as error:  # noqa: BLE001 (whatever a backend raises is the reason in its row)
            return identity | row.raised(error)


def _figures(prepared: Prepared, budget: Budget, timer: Timer) -> Row:
    """Time the rounds, then gather the other figures. They are gathered outside the rounds, so they cost no time."""
    warnings: list[AuditWarning] = []
    timed = _timed(prepared, budget, timer, warnings)
    columns = row.timed(prepared, timed.rounds, timed.seconds)
    per_step = columns["seconds_per_step"]
    warnings.extend(_or_warn(warnings, "audit", lambda: _audit(prepared, timed)) or [])
    columns |= _or_warn(warnings, "roofline_fraction", lambda: row.bounded(limit(prepared), per_step)) or {}
    if prepared.case.operator == "descent":
        target = _or_warn(warnings, "steps_to_target", lambda: row.to_target(steps_to_target(prepared), per_step))
        columns |= target or {}
    if budget.memory:
        columns["peak_bytes"] = _or_warn(warnings, "peak_bytes", lambda: peak_bytes(prepared))
    return columns | {"warnings": join(warnings)}


def _timed(prepared: Prepared, budget: Budget, timer: Timer, warnings: list[AuditWarning]) -> Timed:
    """Calibrate a round, plan the rounds with their paired rounds, and time them."""
    with no_garbage_collection():
        iterations, seconds = calibrate(prepared.call, budget.min_round_seconds)
        value = _or_warn(warnings, "gradient_over_value", lambda: value_pair(prepared, seconds))
        rounds = plan(iterations, seconds, reference_pair(prepared, seconds), value, budget)
        before = audit.compilations(prepared)
        times = timer(prepared.call, rounds)
        return Timed(rounds, times, audit.compilations(prepared) - before)


def _audit(prepared: Prepared, timed: Timed) -> list[AuditWarning]:
    return audit.warnings_of(audit.evidence(prepared, timed.seconds, timed.rounds.reference, timed.compiled))


def _or_warn(warnings: list[AuditWarning], column: str, figure: Callable[[], T]) -> T | None:
    """Return a figure that the times do not need. If it fails, add a warning and return `None`: the times stand."""
    try:
        return figure()
    except Exception as error:  # noqa: BLE001 (whatever a backend raises)
        warnings.append(AuditWarning(f"no {column}", failure_of(error).reason))
        return None
