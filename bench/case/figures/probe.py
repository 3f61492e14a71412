"""What can be found out about a program only by calling it again, after its rounds: the audit's evidence.

Is the result there when the call returns? Does a call run the loss in Python? Does a longer descent take longer? Does a
start that the program has never seen take longer?
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

from backends import Stepwise, own_loss, place
from bench.case.check.answers import Answered
from bench.case.check.question import nudged
from bench.case.prepare import Prepared, prepared_call
from bench.case.rounds import calibrate, round_seconds
from bench.clock import now
from problems import LBFGS, Parameters, tree_map

REPEATS = 3
"""How often a figure is measured at most. The best counts: what disturbs a call makes it longer."""

SLOW_SECONDS = 0.1
"""A call that takes longer is not called for the sake of a figure that the rounds have already."""

PROBE_SECONDS, MAX_CALLS = 1e-3, 100
"""For how long, and how often at most, calls are made for one figure: a single call's time scatters."""

MIN_ROUND_SECONDS = 1e-3

MAX_LATE_SHARE, MAX_LATE_SECONDS = 0.2, 1e-5
"""A result was not awaited if its lateness exceeds this share of its call and the scatter of fetches."""

MAX_FRESH_SHARE = 1.6
"""A program remembers answers if a start that it has not seen takes it this many times as long as the usual one."""

MIN_STEPS, LENGTHENED, MIN_GROWTH, CLEAR_GROWTH = 4, 4, 2.0, 3.0
"""A descent of fewer steps is not lengthened. One of `LENGTHENED` times the steps must take more than `MIN_GROWTH`
times as long, the cost of a call aside. Above `CLEAR_GROWTH`, a single measurement is enough."""

MIN_LOOP_SHARE = 0.5
"""The loop's share of a call. Below it, the loop's time is lost in that of the call, and the loop is lengthened."""

MAX_TIMES = 4**4
"""By how much a loop is lengthened at most. A loop that then takes no time makes no steps."""

MAX_LONG_SECONDS = 20.0
"""A lengthened descent that would take longer is not tried."""


@dataclass(frozen=True)
class Probed:
    """What was found out about a program.

    `late_seconds` is how much longer a result took to the host than an
    array of its shape that is certainly computed. `fresh_share` is the time of calls with starts that the program has
    not seen over that of as many usual calls. `runs_loss` says whether a call runs the loss in Python. `growth` is by
    how many times a descent of four times the steps takes longer, but for the cost of a call; `None` if not known.
    """

    late_seconds: float
    fresh_share: float
    runs_loss: bool
    growth: float | None


def probe(prepared: Prepared, call_seconds: float, answered: Answered | None = None) -> Probed:
    """Find out about a program whose calls take `call_seconds`. Where it has `answered` slowly, that is not repeated.

    A figure that speaks against the program is measured again, and the best counts: a busy machine disturbs calls too.
    """
    known = answered if call_seconds > SLOW_SECONDS else None
    late = _least(
        lambda repeat: _lateness(prepared, call_seconds, None if repeat else known),
        lambda late: not is_late(late, call_seconds),
    )
    return Probed(
        late,
        _least(
            lambda repeat: _fresh_share(prepared, call_seconds, repeat, None if repeat else known),
            lambda share: share <= MAX_FRESH_SHARE,
        ),
        prepared.backend.compiled and _runs_loss(prepared),
        None if is_late(late, call_seconds) else _growth(prepared, call_seconds),
    )


def _least(measure: Callable[[int], float], is_good: Callable[[float], bool]) -> float:
    """Return the least of up to `REPEATS` measurements, and stop at the first that is good."""
    least = math.inf
    for repeat in range(REPEATS):
        least = min(least, measure(repeat))
        if is_good(least):
            break
    return least


def is_late(late_seconds: float, call_seconds: float) -> bool:
    """Return whether results are so late that nobody can have waited for them.

    Then the time of a longer descent says nothing either, and its work may pile up.
    """
    return late_seconds > max(MAX_LATE_SECONDS, MAX_LATE_SHARE * call_seconds)


def _lateness(prepared: Prepared, call_seconds: float, answered: Answered | None) -> float:
    """Return how much longer it takes to fetch a result than an array like it that is computed: the mean of calls.

    A single fetch takes microseconds, and its time scatters by as much. Where `answered` is given, it is the only call.
    """
    if answered is not None:
        return answered.fetch_seconds - _fetched_computed(prepared, answered.result)
    calls, of_results, of_computed = _calls(call_seconds), 0.0, 0.0
    for _ in range(calls):
        seconds, result = _fetched(prepared, prepared.call())
        of_results += seconds
        of_computed += _fetched_computed(prepared, result)
    return (of_results - of_computed) / calls


def _fetched_computed(prepared: Prepared, result: Parameters) -> float:
    """Return how long it takes to fetch a copy of the result."""
    (copy,) = place(prepared.backend, prepared.case, tree_map(np.array, result))
    return _fetched(prepared, copy)[0]


def _fetched(prepared: Prepared, result: Parameters) -> tuple[float, Parameters]:
    start = now()
    fetched = prepared.backend.fetch(result, prepared.case)
    return now() - start, fetched


def _fresh_share(prepared: Prepared, call_seconds: float, repeat: int, answered: Answered | None) -> float:
    """Return the time of calls with starts and directions of their own over that of as many usual calls.

    Where `answered` is given, its call with another question is the only call.
    """
    if answered is not None and answered.other_seconds is not None:
        return answered.other_seconds / call_seconds
    calls = _calls(call_seconds)
    arguments = [_fresh(prepared, 1 + repeat * calls + number) for number in range(calls)]
    start = now()
    for each in arguments:
        prepared.backend.wait(prepared.run(*each, prepared.placed[-1]), prepared.case)
    fresh = now() - start
    if call_seconds > SLOW_SECONDS:
        return fresh / call_seconds
    prepared.call()  # so that a program that remembers one answer has the usual one again
    return fresh / round_seconds(prepared.call, calls)


def _calls(call_seconds: float) -> int:
    return max(1, min(MAX_CALLS, round(PROBE_SECONDS / call_seconds)))


def _fresh(prepared: Prepared, number: int) -> tuple[Any, ...]:
    """Return the arguments of a call, without the data, with numbers of their own."""
    starts = (nudged(prepared.case, prepared.problem), *prepared.host[1:-1])
    factor = 1.0 + number / 4096.0
    scaled = (tree_map(lambda array: np.asarray(array * array.dtype.type(factor)), start) for start in starts)
    return place(prepared.backend, prepared.case, *scaled)


def _runs_loss(prepared: Prepared) -> bool:
    """Return whether a call runs the loss of the problem, or the mode's own loss, in Python."""
    own = own_loss(prepared.problem, prepared.backend)
    losses = {code for loss in (prepared.problem.loss, own) if (code := getattr(loss, "__code__", None)) is not None}
    with _codes_run() as run:
        prepared.call()
    return bool(losses & run)


@contextmanager
def _codes_run() -> Iterator[set[CodeType]]:
    """Collect the code of every Python function that is called in the block."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            codes.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield codes
    finally:
        sys.setprofile(before)


def _growth(prepared: Prepared, call_seconds: float) -> float | None:
    """Return by how many times a longer descent takes longer, without what one step takes.

    It is a single measurement if that is clear, else the median of three. `None` for the other operators, for few
    steps, for many seconds, and for a slow loop of the harness's own.
    """
    case, ours = prepared.case, isinstance(prepared.run, Stepwise)
    longest = SLOW_SECONDS if ours else MAX_LONG_SECONDS / LENGTHENED
    if case.optimizer in {"", LBFGS} or case.steps < MIN_STEPS or call_seconds > longest:
        return None
    growths = [_growth_once(prepared, call_seconds)]
    clear = MIN_GROWTH if call_seconds > SLOW_SECONDS else CLEAR_GROWTH  # short calls are easily disturbed
    if growths[0] <= clear:
        growths += [_growth_once(prepared, call_seconds) for _ in range(REPEATS - 1)]
    return float(np.median(growths))


def _growth_once(prepared: Prepared, call_seconds: float) -> float:
    """Return the growth. If the loop's time is lost in that of a call, the loop is lengthened until it shows."""
    one, steps = _seconds_of(prepared, 1), prepared.case.steps
    usual = call_seconds if call_seconds > SLOW_SECONDS else _seconds_of(prepared, steps)
    while usual - one <= MIN_LOOP_SHARE * usual:
        if steps >= MAX_TIMES * prepared.case.steps:
            return 1.0
        steps *= LENGTHENED
        usual = _seconds_of(prepared, steps)
    return (_seconds_of(prepared, LENGTHENED * steps) - one) / (usual - one)


def _seconds_of(prepared: Prepared, steps: int) -> float:
    """Return the time of a descent of so many steps, built for this."""
    call = prepared_call(prepared, steps)
    call_seconds = round_seconds(call, 1)
    if call_seconds > SLOW_SECONDS:
        return call_seconds
    calls, _ = calibrate(call, MIN_ROUND_SECONDS)
    return min(round_seconds(call, calls) for _ in range(REPEATS)) / calls
