"""How one case is measured: put, compile, first call, check, and then the rounds, each clocked apart.

Order matters, and each step is there for a reason that docs/methodology.md gives: compile, then calibrate; check,
then time; wait inside the timed region; a paired NumPy round after each round.
"""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from backends import Backend, Case, place
from problems import ALONG, Array, Parameters, Problem, by_hand, direction, each, instance, leaves
from report.intervals import median_interval
from report.schema import Value

clock = time.perf_counter

REFERENCE_SHARE = 0.25
"""A paired round takes about this share of the round that it follows."""


class WrongResultError(Exception):
    """The backend's result is not the reference's; `relative_error` says how far off."""

    def __init__(self, case: Case, relative_error: float) -> None:
        self.relative_error = relative_error
        super().__init__(
            f"{case.backend}: {case.operator} of {case.problem} is off by {relative_error:.2g} of the hand-derived "
            f"float64 reference; {tolerance(case.dtype):.2g} is allowed in {case.dtype}"
        )


@dataclass(frozen=True)
class Prepared:
    """A case that is compiled and checked, and what that cost. `call` is the timed region: it ends with the wait."""

    case: Case
    call: Callable[[], Parameters]
    parameters: int
    transfer_seconds: float
    compile_seconds: float
    first_call_seconds: float
    relative_error: float


def tolerance(dtype: str) -> float:
    """Return the relative error that a right result may have: half of the digits, √ε of the dtype."""
    return float(np.sqrt(np.finfo(dtype).eps))


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
    call = _awaited(partial(run, *placed), backend.wait)
    first_call_seconds, result = _clocked(call)
    if case.operator == "descent":
        error = _descent_error(case, backend, problem, placed, result)
    else:
        error = relative_error(backend.fetch(result), expected(case, problem))
    if not error <= tolerance(case.dtype):  # NaN is wrong too
        raise WrongResultError(case, error)
    return Prepared(
        case,
        call,
        sum(array.size for array in leaves(host[0])),
        transfer_seconds,
        compile_seconds,
        first_call_seconds,
        error,
    )


def _start_afresh(case: Case, backend: Backend) -> None:
    """Drop what the case before has left, pay what the backend pays once, and keep that out of later collections.

    Frameworks hold a million objects that never die; each collection that looks at them takes 0.2 s.
    """
    gc.collect()
    backend.warm_up(case)
    gc.freeze()


def _awaited(start: Callable[[], Parameters], wait: Callable[[Parameters], None]) -> Callable[[], Parameters]:
    """Return the timed region: a call that ends when its result is there."""

    def call() -> Parameters:
        result = start()
        wait(result)
        return result

    return call


def arguments(case: Case, problem: Problem) -> tuple[Any, ...]:
    """Return what the operator is called with, on the host: `x, data`, or along a direction `x, v, data`."""
    x, data = instance(problem, case.batch_size, case.dtype)
    return (x, direction(problem, case.batch_size, x), data) if case.operator in ALONG else (x, data)


def expected(case: Case, problem: Problem) -> Parameters:
    """Return the reference: the operator by hand in float64, from the case's rounded arguments."""
    return _expected(problem, replace(case, backend="", device=""))


@lru_cache(maxsize=16)
def _expected(problem: Problem, case: Case) -> Parameters:
    doubled = _doubled(case, problem)
    return by_hand(case.operator, problem, case.steps, doubled[0], doubled[-1])(*doubled)


def _doubled(case: Case, problem: Problem) -> tuple[Any, ...]:
    return tuple(each(_double, argument) for argument in arguments(case, problem))


def _descent_error(
    case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], result: Parameters
) -> float:
    """Return the error of the end, or that of the first step's move where it is larger: −rate times the gradient.

    The end of a descent alone does not tell a wrong gradient: 1.1 times the right one ends at the same minimum.
    """
    one_step = replace(case, steps=1)
    first = backend.compile(one_step, problem, *placed)(*placed)
    backend.wait(first)
    start, _ = _doubled(case, problem)
    moved = each(np.subtract, backend.fetch(first), start)
    lost = each(lambda array: tolerance(case.dtype) * np.max(np.abs(array)), start)
    return _worst(
        relative_error(backend.fetch(result), expected(case, problem), lost),
        relative_error(moved, each(np.subtract, expected(one_step, problem), start), lost),
    )


def _double(array: Array) -> Array:
    return array.astype("float64") if array.dtype.kind == "f" else array


def relative_error(result: Parameters, reference: Parameters, lost: Parameters = 0.0) -> float:
    """Return the largest error of an array of the result; infinite for another number of them.

    `lost` is the magnitude, for each array, below which the rounding of what it was computed from leaves no digits.
    """
    if len(leaves(result)) != len(leaves(reference)):
        return math.inf
    lost = lost if isinstance(lost, tuple) else (lost,) * len(leaves(result))
    return _worst(*map(_array_error, leaves(result), leaves(reference), lost))


def _worst(*errors: float) -> float:
    """Return the largest error; NaN where one is, which Python's own `max` may pass over."""
    return float(np.max(errors))


def _array_error(result: Array, reference: Array, lost: float) -> float:
    """Return the largest deviation over the largest magnitude of the reference; infinite for another shape."""
    result = np.asarray(result, dtype="float64")
    if result.shape != reference.shape:
        return math.inf
    scale = max(float(np.max(np.abs(reference))), lost) or 1.0
    return float(np.max(np.abs(result - reference))) / scale


class Pair:
    """The paired reference: after each round, a short one of the same operator by hand, on the same problem and batch.

    For a descent that is a short descent, for the others some calls, made as the backend's are. The machine's drift is
    in both, and cancels in the ratio of the two.
    """

    def __init__(self, case: Case, problem: Problem, seconds: float) -> None:
        self._case, self._problem, self._arguments = case, problem, arguments(case, problem)
        self._once = self._by_hand(1)
        self.seconds_per_step: list[float] = []
        self._once()
        step_seconds = round_seconds(self._once, 1)
        self._steps = max(1, round(REFERENCE_SHARE * seconds / step_seconds))
        in_one = case.operator == "descent"
        self._call, self._calls = (self._by_hand(self._steps), 1) if in_one else (self._once, self._steps)
        self.round_seconds = (self._steps + 1) * step_seconds

    def __call__(self) -> None:
        # One step, not timed, brings the reference's arrays back to where the backend's have been: into the cache.
        self._once()
        self.seconds_per_step.append(round_seconds(self._call, self._calls) / self._steps)

    def _by_hand(self, steps: int) -> Callable[[], Parameters]:
        run = by_hand(self._case.operator, self._problem, steps, self._arguments[0], self._arguments[-1])
        return _awaited(partial(run, *self._arguments), _no_wait)


def _no_wait(result: Parameters) -> None:
    """NumPy returns when it is done."""


@dataclass(frozen=True)
class Rounds:
    """How a prepared case is to be timed: how many rounds of how many calls, with which paired reference."""

    rounds: int
    iterations: int
    pair: Pair


def plan(prepared: Prepared, problem: Problem, min_seconds: float, max_seconds: float, min_rounds: int) -> Rounds:
    """Size the rounds: each at least `min_seconds` long, all of them with their pairs about `max_seconds`."""
    iterations = calibrate(prepared.call, min_seconds)
    seconds = round_seconds(prepared.call, iterations)
    pair = Pair(prepared.case, problem, seconds)
    return Rounds(max(min_rounds, math.ceil(max_seconds / (seconds + pair.round_seconds))), iterations, pair)


def calibrate(call: Callable[[], Any], min_seconds: float) -> int:
    """Return how many calls take at least `min_seconds`. The call is compiled and warm: that is `prepare`'s part."""
    iterations = 1
    while (seconds := round_seconds(call, iterations)) < min_seconds:
        iterations = max(iterations + 1, min(10 * iterations, math.ceil(iterations * 1.1 * min_seconds / seconds)))
    return iterations


def figures(prepared: Prepared, rounds: Rounds, seconds: list[float]) -> dict[str, Value]:
    """Return the columns of a measured case; `seconds` a call, one a round, in the order of their measuring."""
    case, calls = prepared.case, np.asarray(seconds)
    steps = case.steps if case.operator == "descent" else 1
    time_of = median_interval(calls)
    ratio = median_interval(calls / steps / np.asarray(rounds.pair.seconds_per_step[: len(seconds)]))
    return prepared_figures(prepared) | {
        "rounds": len(seconds),
        "iterations": rounds.iterations,
        "seconds_median": time_of.median,
        "seconds_ci_low": time_of.low,
        "seconds_ci_high": time_of.high,
        "seconds_min": float(calls.min()),
        "seconds_per_step": time_of.median / steps,
        "ratio_to_numpy": ratio.median,
        "ratio_ci_low": ratio.low,
        "ratio_ci_high": ratio.high,
    }


def prepared_figures(prepared: Prepared) -> dict[str, Value]:
    """Return the columns that are known before the first round."""
    return {
        "parameters": prepared.parameters,
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


def round_seconds(call: Callable[[], Any], iterations: int) -> float:
    """Return the seconds that `iterations` back-to-back calls take."""
    start = clock()
    for _ in range(iterations):
        call()
    return clock() - start


def _clocked(function: Callable[[], Any]) -> tuple[float, Any]:
    start = clock()
    result = function()
    return clock() - start, result
