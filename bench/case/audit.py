"""The self-audit: what makes a measured row doubtful, by name, each with its remedy.

Every check is one function of the evidence, which is gathered beside the rounds and not in their time. A check that a
framework cannot answer has no doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backends import place
from bench import machine
from bench.case.prepare import Prepared
from bench.case.rounds import Pair, clock
from problems import Parameters, step_flops, tree_leaves

LATE_SHARE, LATE_SECONDS = 0.5, 1e-4
"""A result that is late by more than this share of its call, and by more than a fetch scatters, was not awaited."""

FOLDED_SHARE = 0.1
"""A program with less than this share of the operations that the problem cannot avoid has them in its constants."""

UNSTABLE_SPREAD = 0.25
"""Rounds whose middle half spreads over more than this share of their median are unstable."""

CONTROL_SHIFT = 0.2
"""A control whose second half differs by more than this share of its first has moved."""

CALLS = 3
SLOW_SECONDS = 0.1


class Doubt(NamedTuple):
    """A doubt about a row: its name, and what to do about it."""

    name: str
    remedy: str


@dataclass(frozen=True)
class Evidence:
    """What the checks go by: the case, the seconds a round, its control, what was compiled meanwhile, and its result.

    `late_seconds` is how much longer the result took to the host than one that is surely there.
    """

    prepared: Prepared
    seconds: Any
    control: Pair
    compiled: int
    late_seconds: float
    result: Parameters


def compilations(prepared: Prepared) -> int:
    """Return what the case's framework has compiled so far; 0 where it cannot tell."""
    ask = prepared.backend.probes.compilations
    return 0 if ask is None else ask()


def evidence(prepared: Prepared, seconds: list[float], control: Pair, compiled: int) -> Evidence:
    """Return the evidence of a case whose rounds are over; it takes one to three calls more."""
    late, result = _lateness(prepared, float(np.median(seconds)))
    return Evidence(prepared, np.asarray(seconds), control, compiled, late, result)


def _lateness(prepared: Prepared, call_seconds: float) -> tuple[float, Parameters]:
    """Return by how much a result's way to the host takes longer than that of the start, which is surely there."""
    backend, case = prepared.backend, prepared.case
    ways, sure = [], []
    for _ in range(CALLS if call_seconds < SLOW_SECONDS else 1):
        seconds, result = _fetching(prepared, prepared.call())
        ways.append(seconds)
        sure.append(_fetching(prepared, place(backend, case, prepared.host[0])[0])[0])
    return min(ways) - min(sure), result


def _fetching(prepared: Prepared, result: Parameters) -> tuple[float, Parameters]:
    start = clock()
    fetched = prepared.backend.fetch(result)
    return clock() - start, fetched


def not_awaited(seen: Evidence) -> Doubt | None:
    """The timed call ended before its result was there."""
    if seen.late_seconds <= max(LATE_SECONDS, LATE_SHARE * float(np.median(seen.seconds))):
        return None
    return Doubt("not awaited", "the time ends before the result is there, the backend's wait must block until it is")


def recompiled(seen: Evidence) -> Doubt | None:
    """The framework compiled during the rounds."""
    if not seen.compiled:
        return None
    return Doubt("recompiled", "the framework compiled during the rounds, give it one shape, dtype and function a case")


def dtype_drifted(seen: Evidence) -> Doubt | None:
    """The result is of another dtype than the case."""
    found = {str(np.asarray(array).dtype) for array in tree_leaves(seen.result)} - {seen.prepared.case.dtype}
    if not found:
        return None
    return Doubt(
        "dtype drifted", f"the result is {', '.join(sorted(found))}, look for a number that is not of the case"
    )


def constants_folded(seen: Evidence) -> Doubt | None:
    """The compiled program does far fewer operations than the problem cannot avoid.

    On a GPU products are calls of a library, which the compiler may not count.
    """
    prepared = seen.prepared
    if prepared.case.device != "cpu":
        return None
    needed = step_flops(prepared.case.operator, prepared.problem, prepared.host[0], prepared.host[-1])
    ask = prepared.backend.probes.counted_flops
    counted = None if ask is None else ask(prepared.run)
    if needed is None or counted is None or counted >= FOLDED_SHARE * needed:
        return None
    return Doubt("constants folded", "the program lacks most operations, hand it start and data as arguments")


def unstable(seen: Evidence) -> Doubt | None:
    """The rounds scatter."""
    low, middle, high = np.percentile(seen.seconds, [25, 50, 75])
    if high - low <= UNSTABLE_SPREAD * middle:
        return None
    return Doubt("unstable", f"its rounds spread by over {UNSTABLE_SPREAD:.0%}, quiet the machine or try --threads 1")


def threads(seen: Evidence) -> Doubt | None:
    """The framework computes with another number of threads than the row says."""
    ask, asked = seen.prepared.backend.probes.threads, machine.pinned_threads()
    found = asked if ask is None else ask()
    if seen.prepared.case.device != "cpu" or found == asked:
        return None
    return Doubt(
        "threads", f"{found} in the framework, {asked} in the row, give --threads and no variables of your own"
    )


def control_moved(seen: Evidence) -> Doubt | None:
    """The hand-derived NumPy beside the rounds got faster or slower meanwhile."""
    first, second = (float(np.median(half)) for half in np.array_split(seen.control.seconds_per_step, 2))
    if abs(second - first) <= CONTROL_SHIFT * first:
        return None
    return Doubt(
        "control moved", f"NumPy beside it shifted by over {CONTROL_SHIFT:.0%}, go by the ratio or run it again"
    )


CHECKS = (not_awaited, recompiled, dtype_drifted, constants_folded, unstable, threads, control_moved)


def doubts(seen: Evidence) -> list[Doubt]:
    """Return every doubt about the row."""
    return [doubt for check in CHECKS if (doubt := check(seen)) is not None]


def text(found: Iterable[Doubt]) -> str:
    """Return the doubts as the column `warnings` has them: `name: remedy`, separated by `; `."""
    return "; ".join(f"{name}: {' '.join(remedy.replace(';', ',').split())}" for name, remedy in found)
