"""How one case is prepared to be timed: put, compile, first call, check, each clocked apart.

Order matters, and each step is there for a reason that docs/methodology.md gives: compile, then calibrate; check,
then time; wait inside the timed region.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from backends import Backend, Case, Run, Stepwise, place
from bench.case.reference import (
    WrongResultError,
    arguments,
    descent_error,
    expected,
    relative_error,
    tolerance,
)
from bench.case.rounds import Call, awaited, clock
from problems import Parameters, Problem, tree_leaves, tree_map
from report.table.schema import Value


@dataclass(frozen=True)
class Prepared:
    """A case that is compiled and checked, and what that cost. `call` is the timed region: it ends with the wait.

    `run` is what the call runs, with the arguments `placed` on the device; `host` are the same on the host.
    """

    case: Case
    backend: Backend
    problem: Problem
    host: tuple[Any, ...]
    placed: tuple[Any, ...]
    run: Run
    call: Call
    transfer_seconds: float
    compile_seconds: float
    first_call_seconds: float
    relative_error: float


def refusal(case: Case, backend: Backend, problem: Problem) -> tuple[str, str] | None:
    """Return status and reason where the backend cannot run the case on this machine; `None` where it can."""
    if case.device not in backend.known_devices:
        return "unsupported", f"computes on {', '.join(backend.known_devices)} only"
    if missing := backend.missing_device(case.device):
        return "unavailable", missing
    if case.operator == "hvp" and problem.hvp is None:
        return "unsupported", f"{problem.name} has no hand-derived Hessian-vector product (hvp) to check against"
    reason = backend.unsupported(case, problem)
    return None if reason is None else ("unsupported", reason)


def prepare(case: Case, backend: Backend, problem: Problem) -> Prepared:
    """Put, compile and call the case, and check its answer. Raises `WrongResultError` where that is wrong."""
    _start_afresh(case, backend)
    host = arguments(case, problem)
    transfer_seconds, placed = _clocked(lambda: place(backend, case, *host))
    x, data = placed[0], placed[-1]
    compile_seconds, run = _clocked(lambda: backend.compile(case, problem, x, data))
    call = awaited(partial(run, *placed), backend.wait)
    first_call_seconds, result = _clocked(call)
    error = _error(case, backend, problem, placed, run, result)
    if not error <= tolerance(case.dtype):  # NaN is wrong too
        raise WrongResultError(case, error)
    seconds = (transfer_seconds, compile_seconds, first_call_seconds)
    return Prepared(case, backend, problem, host, placed, run, call, *seconds, error)


def moved(prepared: Prepared) -> Prepared:
    """Return the same case with its arrays elsewhere, and what it runs built anew; neither is checked or clocked."""
    case, backend, problem = prepared.case, prepared.backend, prepared.problem
    placed = place(backend, case, *(tree_map(np.copy, argument) for argument in prepared.host))
    run = backend.compile(case, problem, placed[0], placed[-1])
    return replace(prepared, placed=placed, run=run, call=awaited(partial(run, *placed), backend.wait))


def prepare_value(gradient: Prepared) -> Call | None:
    """Return a call of the value by the backend of a prepared gradient, compiled, checked and warm.

    `None` where the backend has no value of its own. Raises `WrongResultError` where it is wrong.
    """
    backend, problem = gradient.backend, gradient.problem
    case = replace(gradient.case, operator="value")
    if backend.unsupported(case, problem) is not None:
        return None
    run = backend.compile(case, problem, gradient.placed[0], gradient.placed[-1])
    call = awaited(partial(run, *gradient.placed), backend.wait)
    error = _error(case, backend, problem, gradient.placed, run, call())
    if not error <= tolerance(case.dtype):
        raise WrongResultError(case, error)
    return call


def _start_afresh(case: Case, backend: Backend) -> None:
    """Drop what the case before has left, pay what the backend pays once, and keep that out of later collections.

    Frameworks hold a million objects that never die; each collection that looks at them takes 0.2 s.
    """
    gc.collect()
    backend.warm_up(case)
    gc.freeze()


def _error(  # noqa: PLR0913, PLR0917 (what ran, with what, and what came of it)
    case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run, result: Parameters
) -> float:
    """Return how far off the result is; that of a descent, or its first step where that is further off."""
    if case.operator != "descent":
        return relative_error(backend.fetch(result), expected(case, problem))
    first = _first_step(case, backend, problem, placed, run)(*placed)
    backend.wait(first)
    return descent_error(case, problem, backend.fetch(result), backend.fetch(first))


def _first_step(case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run) -> Run:
    """Return the descent of one step: by the same compiled step where Python calls it, else compiled anew."""
    if isinstance(run, Stepwise):
        return replace(run, steps=1)
    return backend.compile(replace(case, steps=1), problem, placed[0], placed[-1])


def prepared_figures(prepared: Prepared) -> dict[str, Value]:
    """Return the columns that are known before the first round."""
    return {
        "parameters": sum(array.size for array in tree_leaves(prepared.host[0])),
        "compile_seconds": prepared.compile_seconds,
        "first_call_seconds": prepared.first_call_seconds,
        "transfer_seconds": prepared.transfer_seconds,
        "relative_error": prepared.relative_error,
    }


def failure(error: Exception) -> dict[str, Value]:
    """Return the columns of a case that did not get a time: what happened, and why."""
    if isinstance(error, WrongResultError):
        return {"status": "wrong", "reason": str(error), "relative_error": error.relative_error}
    status = "oom" if _out_of_memory(error) else "error"
    return {"status": status, "reason": f"{type(error).__name__}: {error}"[:500]}


def _out_of_memory(error: Exception) -> bool:
    # torch and JAX have no common class for it; both say so in the text (XLA: RESOURCE_EXHAUSTED).
    words = ("out of memory", "resource_exhausted", "can't allocate memory", "cannot allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect now, and not again until the end of the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _clocked(function: Callable[[], Any]) -> tuple[float, Any]:
    start = clock()
    result = function()
    return clock() - start, result
