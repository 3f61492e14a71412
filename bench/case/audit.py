"""The self-audit: warnings about a measured row, each with a name and a remedy.

Each check is one function of the evidence. The evidence is gathered after the rounds, so it costs them no time. If a
framework cannot answer a check's question, the check gives no warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bench import machine
from bench.case.check.reference import own_error, precision_of, rounding_drift
from bench.case.check.update import LOST
from bench.case.figures.probe import MAX_FRESH_SHARE, MIN_GROWTH, Probed, is_late
from bench.case.prepare import Prepared
from bench.case.rounds import Pair
from problems import ADAM, Parameters, step_flops, tree_leaves
from report.table.keys import CONTROL
from report.table.warnings import AuditWarning

MAX_EXTRA_CORES = 0.2
"""By how much the cores that computed may exceed the threads of the row."""

MAX_ERROR_SHARE, MIN_ERROR = 100.0, 30.0
"""A result is imprecise if its error is this many times that of NumPy in the same dtype, and this many ε."""

MAX_DRIFT = 0.01
"""A descent is ill-conditioned if rounding moves its end by more than this share of the way from its start."""

MIN_FLOPS_SHARE = 0.1
"""Operations were folded into constants if a program has less than this share of those that the problem needs."""

MAX_SPREAD = 0.25
"""Rounds are unstable if their interquartile range is more than this share of their median."""

MAX_CONTROL_SHIFT = 0.2
"""The control moved if the medians of its first and second half differ by more than this share of the first."""


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    `seconds` has one value for each round, `control` the paired rounds of the reference, if any. `compiled` is how
    often the framework compiled during the rounds, `cores` how many cores computed in them. `result` is that of a call
    after the rounds, on the host, and `probed` what else was found out then.
    """

    prepared: Prepared
    seconds: Any
    control: Pair | None
    compiled: int
    cores: float
    result: Parameters
    probed: Probed


def compilations(prepared: Prepared) -> int:
    """Return how often the case's framework has compiled so far; 0 if it keeps no count."""
    count = prepared.backend.probes.compilations
    return 0 if count is None else count()


def not_awaited(evidence: Evidence) -> AuditWarning | None:
    """The timed call ended before its result was computed."""
    if not is_late(evidence.probed.late_seconds, float(np.median(evidence.seconds))):
        return None
    return AuditWarning(
        "not awaited", "timing ends before the result is computed: make the backend's wait block until it is"
    )


def recompiled(evidence: Evidence) -> AuditWarning | None:
    """The framework compiled during the rounds."""
    if not evidence.compiled:
        return None
    return AuditWarning(
        "recompiled", "the framework compiled during the rounds: give a case one shape, one dtype and one function"
    )


def dtype_drifted(evidence: Evidence) -> AuditWarning | None:
    """The result's dtype is not the case's."""
    dtypes = {str(np.asarray(array).dtype) for array in tree_leaves(evidence.result)} - {evidence.prepared.case.dtype}
    if not dtypes:
        return None
    return AuditWarning(
        "dtype drifted", f"the result is {', '.join(sorted(dtypes))}: look for a constant of another dtype"
    )


def constants_folded(evidence: Evidence) -> AuditWarning | None:
    """The compiled program does far fewer operations than the problem needs.

    Only on a CPU: a GPU's products are library calls, which the compiler might not count.
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
    """The framework's number of threads is not the row's."""
    count, expected = evidence.prepared.backend.probes.threads, machine.pinned_threads()
    actual = expected if count is None else count()
    if evidence.prepared.case.device != "cpu" or actual == expected:
        return None
    return AuditWarning(
        "threads", f"{actual} in the framework, {expected} in the row: use --threads and set no thread variables"
    )


def control_moved(evidence: Evidence) -> AuditWarning | None:
    """The paired rounds of the reference got faster or slower during the case."""
    if evidence.control is None:
        return None
    halves = np.array_split(evidence.control.seconds_per_step, 2)
    first, second = (float(np.median(half)) for half in halves)
    if abs(second - first) <= MAX_CONTROL_SHIFT * first:
        return None
    return AuditWarning(
        "control moved",
        f"the paired NumPy rounds shifted by over {MAX_CONTROL_SHIFT:.0%}: trust the ratio or measure again",
    )


def too_many_cores(evidence: Evidence) -> AuditWarning | None:
    """More cores worked than the row has threads."""
    if evidence.cores <= machine.pinned_threads() + MAX_EXTRA_CORES:
        return None
    return AuditWarning(
        "cores",
        f"{evidence.cores:.1f} cores busy, {machine.pinned_threads()} threads in the row: find what used the others",
    )


def not_compiled(evidence: Evidence) -> AuditWarning | None:
    """A call of a compiled mode runs the loss in Python."""
    if not (evidence.prepared.backend.compiled and evidence.probed.runs_loss):
        return None
    return AuditWarning(
        "not compiled",
        "each call runs the loss in Python: look for a variable that turns the compiler off, such as JAX_DISABLE_JIT",
    )


def ends_early(evidence: Evidence) -> AuditWarning | None:
    """A descent of four times the steps takes hardly longer."""
    growth = evidence.probed.growth
    if growth is None or growth > MIN_GROWTH:
        return None
    return AuditWarning(
        "ends early", f"four times the steps take {growth:.1f} times as long: make the loop run every step"
    )


def remembers(evidence: Evidence) -> AuditWarning | None:
    """A call from a start that the program has not seen takes longer."""
    share = evidence.probed.fresh_share
    if share <= MAX_FRESH_SHARE:
        return None
    return AuditWarning("remembers", f"a new start takes {share:.1f} times as long: keep nothing between calls")


def imprecise(evidence: Evidence) -> AuditWarning | None:
    """The result is right, but has far fewer digits than NumPy's in the same dtype."""
    prepared = evidence.prepared
    if precision_of(prepared.backend, prepared.case) != prepared.case.dtype:
        return None  # a lower precision was asked for
    case, eps = prepared.case, float(np.finfo(prepared.case.dtype).eps)
    own, least = own_error(case, prepared.problem), max(MIN_ERROR, LOST if case.optimizer == ADAM else 0.0)
    if prepared.relative_error <= max(MAX_ERROR_SHARE * own, least * eps):
        return None
    return AuditWarning(
        "imprecise", f"an error of {prepared.relative_error:.1g}, and NumPy's is {own:.1g}: look for a lower precision"
    )


def ill_conditioned(evidence: Evidence) -> AuditWarning | None:
    """Rounding alone changes the end of the descent."""
    case = evidence.prepared.case
    if case.operator != "descent":
        return None
    drift = rounding_drift(case, evidence.prepared.problem)
    if drift <= MAX_DRIFT:
        return None
    return AuditWarning(
        "ill-conditioned",
        f"{case.dtype} alone moves the reference's end by {drift:.1g} of its way: take fewer steps or a lower rate",
    )


def control_off(evidence: Evidence) -> AuditWarning | None:
    """NumPy's own ratio to NumPy is not 1."""
    case = evidence.prepared.case
    if case.backend != CONTROL or case.device != "cpu" or evidence.control is None:
        return None
    ratio = evidence.control.ratio(evidence.seconds / case.counted_steps)
    if not (ratio.low > 1.0 or ratio.high < 1.0):
        return None
    return AuditWarning("control off", f"NumPy takes {ratio.center:.3f} times as long as itself: measure again")


CHECKS = (
    not_awaited,
    recompiled,
    not_compiled,
    ends_early,
    remembers,
    dtype_drifted,
    imprecise,
    ill_conditioned,
    constants_folded,
    unstable,
    threads,
    too_many_cores,
    control_moved,
    control_off,
)


def warnings_of(evidence: Evidence) -> list[AuditWarning]:
    """Return the warnings about the row, in the order of `CHECKS`."""
    return [warning for check in CHECKS if (warning := check(evidence)) is not None]
