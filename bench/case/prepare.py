"""Prepare a case to be timed: put its arrays, compile, call once, and check the answer. Each is clocked by itself.

The order matters: compile before calibrating, check before timing, wait inside the timed region. docs/methodology.md
gives the reason for each.
"""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from backends import Backend, Case, Found, Run, lengthened, missing_problem_loss, place
from bench.case import startup
from bench.case.check.answers import require_another_answer, require_same_arrays
from bench.case.check.derivation import require_right
from bench.case.check.ends import BY_LOSS
from bench.case.check.errors import largest, require_close
from bench.case.check.rate import with_rate
from bench.case.check.reference import allowed_error, answer_error, arguments, first_step_error
from bench.case.check.steps import require_every_step
from bench.case.check.update import KEEP_MOMENTS, require_update
from bench.case.failure import Failure, no_device
from bench.case.rounds import Call, awaited
from bench.clock import now
from problems import LBFGS, SGD, Array, Parameters, Problem, find, instance, tree_map

MAX_REBUILD_SECONDS = 0.01
"""A case whose run took longer to build keeps it when its arrays are moved."""

MAX_SPACER_BYTES = 1 << 16
"""How much memory, at most, is held in front of the arrays of a case that is moved."""


@dataclass(frozen=True)
class Prepared:
    """A case that is compiled and checked, with the seconds that each took.

    `call` is the timed region: it calls `run` with the arguments `placed` on the device, and ends with the wait. `host`
    has the same arguments on the host.
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
    spacer: bytes = b""
    """Memory that is held so that the arrays lie elsewhere."""


def find_refusal(case: Case, found: Found) -> Failure | None:
    """Return why the case cannot run here: its framework is missing, or its backend refuses. `None` if it can."""
    if case.backend in found.missing:
        return Failure("unavailable", found.missing[case.backend])
    return refusal(case, found.backends[case.backend], find(case.problem, case.sizes))


def refusal(case: Case, backend: Backend, problem: Problem) -> Failure | None:
    """Return why the backend cannot run the case on this machine; `None` if it can."""
    missing = backend.missing_device(case.device) if case.device in backend.known_devices else None
    if refused := no_device(case.device, backend.known_devices, missing):
        return refused
    if reason := missing_problem_loss(problem, case.backend):
        return Failure("unsupported", reason)
    if case.operator == "hvp" and problem.is_derived and problem.hvp is None:
        return Failure(
            "unsupported", f"{problem.name} has no hand-derived Hessian-vector product (hvp) to check against"
        )
    if case.optimizer in BY_LOSS and not problem.has_loss("numpy"):
        return Failure(
            "unsupported", f"{problem.name} has no loss in NumPy: the end of {case.optimizer} is checked by its loss"
        )
    if case.optimizer == LBFGS and _is_unbounded(problem, case):
        return Failure("unsupported", f"{problem.name} has no minimum, so lbfgs would lead to infinity")
    reason = backend.unsupported(case, problem)
    return None if reason is None else Failure("unsupported", reason)


def _is_unbounded(problem: Problem, case: Case) -> bool:
    """Whether the problem says that its loss has no least value, at any batch size."""
    return problem.minimum is not None and problem.minimum(*instance(problem, 1, case.dtype)) == -math.inf


def prepare(case: Case, backend: Backend, problem: Problem) -> Prepared:
    """Put, compile and call the case, and check its answer.

    Raise `WrongResultError` if the answer is wrong, and `WrongReferenceError` if the reference is.
    """
    require_right(problem, case.operator, case.batch_size)
    if case.operator == "descent":
        problem = with_rate(problem, case.batch_size, case.optimizer)
    _start(case, backend)
    host = arguments(case, problem)
    transfer_seconds, placed = _clocked(lambda: place(backend, case, *host))
    require_same_arrays(case, backend, host, placed)
    x, data = placed[0], placed[-1]
    compile_seconds, run = _clocked(lambda: backend.compile(case, problem, x, data))
    call = awaited(partial(run, *placed), backend.wait, case)
    first_call_seconds, result = _clocked(call)
    error = _checked_error(case, backend, problem, placed, run, result)
    if case.operator == "descent":
        require_every_step(case, backend, problem, placed, run)
    seconds = (transfer_seconds, compile_seconds, first_call_seconds)
    return Prepared(case, backend, problem, host, placed, run, call, *seconds, error)


def relocate(prepared: Prepared) -> Prepared:
    """Return the same case with its arrays copied elsewhere in memory. Nothing is checked.

    If the mode compiles nothing, its run is built again, so that what that allocates once is moved too. A spacer of
    random size, which is kept, shifts later allocations to a different offset within the page.
    """
    case, backend, problem = prepared.case, prepared.backend, prepared.problem
    spacer = bytes(random.randrange(MAX_SPACER_BYTES))  # noqa: S311 (not a secret)
    host = copied(prepared.host)
    placed, run = place(backend, case, *host), prepared.run
    if not backend.compiled and prepared.compile_seconds <= MAX_REBUILD_SECONDS:
        run = backend.compile(case, problem, placed[0], placed[-1])
    call = awaited(partial(run, *placed), backend.wait, case)
    return replace(prepared, host=host, placed=placed, run=run, call=call, spacer=spacer)


def copied(host: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments with their arrays copied elsewhere in memory, read-only as they were."""
    return tuple(tree_map(_copied, argument) for argument in host)


def _copied(array: Array) -> Array:
    array = np.copy(array)
    array.setflags(write=False)
    return array


def prepare_value(gradient: Prepared) -> Call | None:
    """Return a call of the value by the backend of a prepared gradient: compiled, checked and warm.

    `None` if the backend has no value, not even one that is raced in another mode. Raise `WrongResultError` if the
    value is wrong.
    """
    backend, problem = gradient.backend, gradient.problem
    case = replace(gradient.case, operator="value")
    if case.operator not in backend.same_as and backend.unsupported(case, problem) is not None:
        return None
    run = backend.compile(case, problem, gradient.placed[0], gradient.placed[-1])
    call = awaited(partial(run, *gradient.placed), backend.wait, case)
    _checked_error(case, backend, problem, gradient.placed, run, call())
    require_another_answer(case, backend, problem, run)
    return call


def _start(case: Case, backend: Backend) -> None:
    """Drop what the case before has left, and pay what the backend pays once in a process.

    Frameworks hold a million objects that never die, and a collection that visits them takes 0.2 s. Freezing keeps
    them out of later collections.
    """
    gc.collect()
    startup.start(case, backend)
    gc.freeze()


def _checked_error(  # noqa: PLR0913, PLR0917 (the case, what ran with which arguments, and its result)
    case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run, result: Parameters
) -> float:
    """Return the relative error of the result. Raise `WrongResultError` if it is beyond the tolerance, or NaN."""
    error = answer_error(case, problem, backend.fetch(result, case))
    if case.optimizer == SGD:
        first = of_length(1, case, backend, problem, placed, run)(*placed)
        backend.wait(first, case)
        error = largest(error, first_step_error(case, problem, backend.fetch(first, case)))
    if case.optimizer in KEEP_MOMENTS:
        error = largest(error, require_update(case, backend, problem, run))
    require_close(case, error, allowed_error(backend, case))
    return error


def of_length(  # noqa: PLR0913, PLR0917 (as above)
    steps: int, case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run
) -> Run:
    """Return the descent `run` with so many steps: of the same step if Python calls it, else compiled for them."""
    if steps == case.steps:
        return run
    if (longer := lengthened(run, steps)) is not None:
        return longer
    return backend.compile(replace(case, steps=steps), problem, placed[0], placed[-1])


def prepared_call(prepared: Prepared, steps: int) -> Call:
    """Return a call of the prepared descent with so many steps."""
    run = of_length(steps, prepared.case, prepared.backend, prepared.problem, prepared.placed, prepared.run)
    return awaited(partial(run, *prepared.placed), prepared.backend.wait, prepared.case)


def _clocked(function: Callable[[], Any]) -> tuple[float, Any]:
    start = now()
    result = function()
    return now() - start, result
