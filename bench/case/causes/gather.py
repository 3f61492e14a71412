"""Gathers the evidence about one case in one process, as the answer that a worker sends."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from backends import Backend, Case
from bench.case import startup
from bench.case.causes.calls import counted
from bench.case.causes.shares import profiled
from bench.case.figures.memory import peak_bytes
from bench.case.prepare import Prepared, prepare
from problems import Problem
from problems.faults import described

PEAKS = 3
"""How many calls are tracked for the peak of memory."""


def gather(case: Case, backend: Backend, problem: Problem) -> dict[str, Any]:
    """Return the evidence about the case; `bench.process.protocol` names its parts. Raise what `prepare` raises.

    It compiles as if for the first time, once. The operations come last: reading them may compile again.
    """
    with startup.empty_caches(case, backend):
        prepared = prepare(case, backend, problem)
        return {
            "calls": counted(prepared.call),
            "shares": profiled(prepared),
            "peak_bytes": _peak_bytes(prepared),
            "compile_seconds": prepared.compile_seconds,
            "versions": versions(),
        } | _operations(prepared)


def _peak_bytes(prepared: Prepared) -> int | None:
    """Return the lowest of a few peaks; `None` if none is known. In some calls Python takes its next MiB of memory."""
    peaks = [peak for _ in range(PEAKS) if (peak := peak_bytes(prepared)) is not None]
    return min(peaks, default=None)


def _operations(prepared: Prepared) -> dict[str, Any]:
    """Return the operations, and why they are unknown: a framework's insides change, and the rest holds without."""
    backend, arguments = prepared.backend, prepared.placed
    try:
        found = backend.operations(prepared.case, prepared.problem, prepared.run, arguments)
    except Exception as error:  # noqa: BLE001 (a framework may raise anything)
        return {"operations": {}, "unread": described(error)}
    return {"operations": {level: dict(counts) for level, counts in found.items()}, "unread": ""}


def versions() -> dict[str, str]:
    """Return the version of Python, and of each distribution that is installed for it."""
    found = {"python": platform.python_version()}
    for distribution in metadata.distributions():
        found.setdefault(distribution.metadata["Name"].lower(), distribution.version)
    return found
