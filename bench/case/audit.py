"""The self-audit: warnings about a measured row, each with a name and a remedy.

Each check is one function of the evidence. The evidence is gathered after the rounds, so it costs them no time. If a
framework cannot answer a check's question, the check gives no warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backends import place
from bench import machine
from bench.case.prepare import Prepared
from bench.case.rounds import Pair
from bench.clock import now
from problems import Parameters, step_flops, tree_leaves
from report.table.warnings import AuditWarning

MAX_LATE_SHARE, MAX_LATE_SECONDS = 0.5, 1e-4
"""A result was not awaited if it is later than this share of its call, and later than fetches scatter."""

MIN_FLOPS_SHARE = 0.1
"""A program with less than this share of the operations that the problem needs has the rest folded into constants."""

MAX_SPREAD = 0.25
"""Rounds are unstable if their interquartile range is more than this share of their median."""

MAX_CONTROL_SHIFT = 0.2
"""The control moved if the medians of its first and second half differ by more than this share of the first."""

FETCHES = 3
"""How often the lateness of a result is measured; the smallest counts."""

SLOW_SECONDS = 0.1
"""A call that takes longer is made once for the evidence, not `FETCHES` times."""


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    `seconds` has one value for each round, `control` the paired rounds of the reference. `compiled` is how often the
    framework compiled during the rounds. `late_seconds` is how much longer the result took to the host than an array
    that is certainly computed. `result` is that of one more call, on the host.
    """

    prepared: Prepared
    seconds: Any
    control: Pair
    compiled: int
    late_seconds: float
    result: Parameters


def compilations(prepared: Prepared) -> int:
    """Return how often the case's framework has compiled so far; 0 if it does not count."""
    count = prepared.backend.probes.compilations
    return 0 if count is None else count()


def evidence(prepared: Prepared, seconds: list[float], control: Pair, compiled: int) -> Evidence:
    """Return the evidence about a case after its rounds. It takes one to three more calls."""
    late, result = _lateness(prepared, float(np.median(seconds)))
    return Evidence(prepared, np.asarray(seconds), control, compiled, late, result)


def _lateness(prepared: Prepared, call_seconds: float) -> tuple[float, Parameters]:
    """Return how much longer a fetch of the result takes than one of the start, which is computed; and the result."""
    backend, case = prepared.backend, prepared.case
    of_result, of_start = [], []
    for _ in range(FETCHES if call_seconds < SLOW_SECONDS else 1):
        seconds, result = _fetch(prepared, prepared.call())
        of_result.append(seconds)
        of_start.append(_fetch(prepared, place(backend, case, prepared.host[0])[0])[0])
    return min(of_result) - min(of_start), result


def _fetch(prepared: Prepared, result: Parameters) -> tuple[float, Parameters]:
    start = now()
    fetched = prepared.backend.fetch(result)
    return now() - start, fetched


def not_awaited(evidence: Evidence) -> AuditWarning | None:
    """The timed call ended before its result was computed."""
    if evidence.late_seconds <= max(MAX_LATE_SECONDS, MAX_LATE_SHARE * float(np.median(evidence.seconds))):
        return None
    return AuditWarning(
        "not awaited", "the time ends before the result is computed: let the backend's wait block until it is"
    )


def recompiled(evidence: Evidence) -> AuditWarning | None:
    """The framework compiled during the rounds."""
    if not evidence.compiled:
        return None
    return AuditWarning(
        "recompiled", "the framework compiled during the rounds: let a case have one shape, one dtype and one function"
    )


def dtype_drifted(evidence: Evidence) -> AuditWarning | None:
    """The result has another dtype than the case."""
    dtypes = {str(np.asarray(array).dtype) for array in tree_leaves(evidence.result)} - {evidence.prepared.case.dtype}
    if not dtypes:
        return None
    return AuditWarning(
        "dtype drifted", f"the result is {', '.join(sorted(dtypes))}: look for a constant of another dtype"
    )


def constants_folded(evidence: Evidence) -> AuditWarning | None:
    """The compiled program does far fewer operations than the problem needs.

    Only on a CPU: on a GPU, products are library calls, which the compiler may not count.
    """
    prepared = evidence.prepared
    if prepared.case.device != "cpu":
        return None
    needed = step_flops(prepared.case.operator, prepared.problem, prepared.host[0], prepared.host[-1])
    count = prepared.backend.probes.counted_flops
    counted = None if count is None else count(prepared.run)
    if needed is None or counted is None or counted >= MIN_FLOPS_SHARE * needed:
        return None
    return AuditWarning(
        "constants folded", "the program lacks most operations: pass the start and the data as arguments"
    )


def unstable(evidence: Evidence) -> AuditWarning | None:
    """The rounds scatter."""
    low, middle, high = np.percentile(evidence.seconds, [25, 50, 75])
    if high - low <= MAX_SPREAD * middle:
        return None
    return AuditWarning("unstable", f"the rounds spread by over {MAX_SPREAD:.0%}: quiet the machine or try --threads 1")


def threads(evidence: Evidence) -> AuditWarning | None:
    """The framework computes with another number of threads than the row says."""
    count, expected = evidence.prepared.backend.probes.threads, machine.pinned_threads()
    actual = expected if count is None else count()
    if evidence.prepared.case.device != "cpu" or actual == expected:
        return None
    return AuditWarning(
        "threads", f"{actual} in the framework, {expected} in the row: use --threads and set no variables yourself"
    )


def control_moved(evidence: Evidence) -> AuditWarning | None:
    """The paired rounds of the reference got faster or slower during the case."""
    halves = np.array_split(evidence.control.seconds_per_step, 2)
    first, second = (float(np.median(half)) for half in halves)
    if abs(second - first) <= MAX_CONTROL_SHIFT * first:
        return None
    return AuditWarning(
        "control moved",
        f"the paired NumPy rounds shifted by over {MAX_CONTROL_SHIFT:.0%}: trust the ratio or measure again",
    )


CHECKS = (not_awaited, recompiled, dtype_drifted, constants_folded, unstable, threads, control_moved)


def warnings_of(evidence: Evidence) -> list[AuditWarning]:
    """Return the warnings about the row, in the order of `CHECKS`."""
    return [warning for check in CHECKS if (warning := check(evidence)) is not None]
