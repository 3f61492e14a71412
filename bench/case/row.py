"""The row of a case. Every column of the result CSV is assembled here.

A row is the identity of a measurement, then the figures of a case that was timed, or the failure of one that was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import numpy as np

from backends import Backend, Case
from bench.case.check.errors import WrongResultError
from bench.case.check.reference import precision_of
from bench.case.failure import Failure, failure_of
from bench.case.figures.roofline import Limit
from bench.case.figures.target import Reached
from bench.case.prepare import Prepared
from bench.case.rounds import Pair, Rounds
from bench.case.startup import startup_seconds
from problems import LBFGS, Problem, tree_leaves
from report.statistics.intervals import rounds_interval
from report.table import schema

Row: TypeAlias = dict[str, Any]
"""Values by the name of their column, of `report.table.schema.COLUMNS`."""


@dataclass(frozen=True)
class Launch:
    """The process that measures: its run, its number within the run, and its allocator."""

    run: str = ""
    number: int = 0
    allocator: str = "default"


def identity(case: Mapping[str, Any], launch: Launch, started_utc: str, environment: Mapping[str, Any]) -> Row:
    """Return the columns that are known before the case is measured.

    `case` has the fields of a `backends.Case`, `environment` is that of `bench.machine`.
    """
    return {
        "schema": schema.VERSION,
        "run": launch.run,
        "launch": launch.number,
        "allocator": launch.allocator,
        "started_utc": started_utc,
        **environment,
        **case,
    }


def framework(case: Case, backend: Backend) -> Row:
    """Return the columns of the framework that computes the case: its versions, and how it multiplies."""
    probes = backend.probes
    return {
        "framework_version": backend.version(),
        "jaxlib_version": "" if probes.jaxlib_version is None else probes.jaxlib_version(),
        "precision": precision_of(backend, case) if case.dtype == "float32" else "",
        "cuda_version": "" if probes.cuda_version is None or case.device == "cpu" else probes.cuda_version(),
    }


def reference(problem: Problem, framework: str) -> Row:
    """Return the column of what the answer is checked against: the hand-derived NumPy, or the framework."""
    return {"reference": "hand" if problem.is_derived else f"{framework} float64"}


def now() -> str:
    """Return the time for the column `started_utc`, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def failed(failure: Failure) -> Row:
    """Return the columns of a case that has no time."""
    return failure._asdict()


def raised(error: BaseException, case: Case) -> Row:
    """Return the columns of a case that has no time because it raised `error`."""
    wrong = {"relative_error": error.relative_error} if isinstance(error, WrongResultError) else {}
    return failed(failure_of(error, case)) | wrong


def checked(prepared: Prepared, *, cold: bool = True) -> Row:
    """Return the columns of a case whose answer is right, as far as they are known before the first round.

    Unless it began `cold`, with nothing compiled, the times of starting and compiling are left out.
    """
    rate = {}
    if prepared.case.optimizer not in {"", LBFGS}:
        rate = {"rate": float(prepared.problem.rate_at(prepared.host[0], prepared.host[-1]))}
    once = {
        "startup_seconds": startup_seconds(prepared.case, prepared.backend),
        "compile_seconds": prepared.compile_seconds,
        "first_call_seconds": prepared.first_call_seconds,
    }
    return (
        rate
        | (once if cold else {})
        | {
            "status": "ok",
            "reason": "",
            "parameters": sum(array.size for array in tree_leaves(prepared.host[0])),
            "optimizer_library": getattr(prepared.run, "library", ""),
            "transfer_seconds": prepared.transfer_seconds,
            "relative_error": prepared.relative_error,
        }
    )


def timed(prepared: Prepared, rounds: Rounds, seconds: list[float], cores: float) -> Row:
    """Return the columns of the rounds. `seconds` are those per call of each round, in order."""
    calls = np.asarray(seconds)
    steps = prepared.case.counted_steps
    time = rounds_interval(calls)
    return {
        "rounds": len(seconds),
        "iterations": rounds.iterations,
        "cores": cores,
        "seconds_median": time.center,
        "seconds_ci_low": time.low,
        "seconds_ci_high": time.high,
        "seconds_min": float(calls.min()),
        "seconds_per_step": time.center / steps,
        **_ratio(rounds.reference, calls / steps, "ratio_to_numpy", "ratio"),
        **_ratio(rounds.value, calls, "gradient_over_value", "gradient_over_value"),
    }


def _ratio(pair: Pair | None, seconds: np.ndarray, center: str, interval: str) -> Row:
    if pair is None:
        return {}
    ratio = pair.ratio(seconds)
    return {center: ratio.center, f"{interval}_ci_low": ratio.low, f"{interval}_ci_high": ratio.high}


def reached(found: Reached) -> Row:
    """Return the columns of the descent that reaches the target."""
    seconds = found.seconds
    return {
        "steps_to_target": found.steps,
        "seconds_to_target": seconds.center,
        "target_ci_low": seconds.low,
        "target_ci_high": seconds.high,
    }


def bounded(limit: Limit, seconds_per_step: float) -> Row:
    """Return the columns of what bounds a step, and how much of the step's time the bound explains."""
    return limit._asdict() | {"roofline_fraction": limit.seconds / seconds_per_step}
