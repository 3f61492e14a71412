"""What a process pays once for a framework: its import, its first array on a device, and the start of its compiler.

Each is clocked the first time that it happens in this process. The parts do not depend on the order of the cases: the
import and the first array are the same for all modes of a framework, and modes of one class start the same compiler.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import numpy as np

from backends import Backend, Case, Found, load
from bench.clock import now
from report.table.keys import framework

T = TypeVar("T")

_seconds: dict[tuple[str, ...], float] = {}


def imported(name: str) -> Found:
    """Import a framework's file and return its backends.

    NumPy is imported before, since every process needs it. If something else imported the file, its time is not known.
    """
    if f"backends.{name}_modes" in sys.modules:
        return load((name,))
    return _clocked(("import", name), lambda: load((name,)))


def empty_caches(case: Case, backend: Backend) -> AbstractContextManager[None]:
    """Return the context in which the framework finds nothing that was compiled. torch imports its compiler for it."""
    return _clocked(_caches(case, backend), backend.probes.empty_caches)


def start(case: Case, backend: Backend) -> None:
    """Put one number on the case's device, if it is the first one there, and warm the backend up."""
    if _first_array(case) not in _seconds:
        _clocked(_first_array(case), lambda: backend.put((np.ones(1, dtype=case.dtype),), case))
    _clocked(_warm_up(case, backend), lambda: backend.warm_up(case))


def startup_seconds(case: Case, backend: Backend) -> float:
    """Return what the backend's framework and compiler took to start in this process; NaN if that is not known."""
    keys = (("import", framework(case.backend)), _first_array(case), _warm_up(case, backend))
    return sum(_seconds.get(key, math.nan) for key in keys) + _seconds.get(_caches(case, backend), 0.0)


def _first_array(case: Case) -> tuple[str, ...]:
    return "first array", framework(case.backend), case.device


def _caches(case: Case, backend: Backend) -> tuple[str, ...]:
    return "caches", framework(case.backend), type(backend).__qualname__


def _warm_up(case: Case, backend: Backend) -> tuple[str, ...]:
    return "warm-up", framework(case.backend), type(backend).__qualname__, case.device


def _clocked(key: tuple[str, ...], function: Callable[[], T]) -> T:
    """Call the function, and keep its time if it is the first of its key."""
    start = now()
    result = function()
    _seconds.setdefault(key, now() - start)
    return result
