"""The machine's limits, measured during the run: bytes copied and operations done per second.

They are measured on the case's own CPUs or GPU. A limit is a maximum, and a busy machine hides it for a while: it is
measured again after every case, and the best of this process so far counts.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench import machine
from bench.case.prepare import Prepared
from bench.case.rounds import awaited, calibrate, round_seconds
from bench.clock import now
from problems import Array, step_bytes, step_flops
from report.table.keys import framework

ROUNDS = 3
MIN_ROUND_SECONDS = 0.001

MIN_COPY_BYTES = {"cpu": 2**18, "cuda": 2**26}
"""The fewest bytes that the measured copy moves. With fewer, the call takes longer than the copy.

On a CPU, so many bytes fit a core's second cache.
"""

COPIES_IN_FLIGHT = 8
"""How many copies a device gets before it is waited for. Each launch then overlaps with the copy before it."""

PRODUCT_SIZE = {"cpu": 512, "cuda": 8192}
"""Rows and columns of the multiplied matrices: enough for every core to reach full speed, in some milliseconds."""


class Limit(NamedTuple):
    """What a step needs at least, and what the machine does at best. NaN: not known."""

    step_bytes: float
    step_flops: float
    stream_bytes_per_second: float
    flops_per_second: float

    @property
    def seconds(self) -> float:
        """The least time of a step: the time of its bytes or that of its operations, whichever is longer."""
        times = (self.step_bytes / self.stream_bytes_per_second, self.step_flops / self.flops_per_second)
        return max((time for time in times if not math.isnan(time)), default=math.nan)


def limit(prepared: Prepared) -> Limit:
    """Return what bounds the time of one step of the case."""
    case, x, data = prepared.case, prepared.host[0], prepared.host[-1]
    moved = step_bytes(case.operator, x, data)
    flops = step_flops(case.operator, prepared.problem, x, data)
    size = max(moved, MIN_COPY_BYTES[case.device])
    where = "cpu" if case.device == "cpu" else framework(case.backend)  # all modes of a framework use its device alike
    copy = _best_so_far((where, size), partial(_copy_rate, prepared, size))
    product = _best_so_far((where, case.dtype), partial(_flops_rate, prepared))
    return Limit(moved, math.nan if flops is None else flops, copy, product)


def _best_so_far(key: tuple[str, int | str], measure: Callable[[], float]) -> float:
    _best[key] = max(measure(), _best.get(key, 0.0))
    return _best[key]


_best: dict[tuple[str, int | str], float] = {}


def _copy_rate(prepared: Prepared, size: int) -> float:
    """Return the bytes per second, read and written, of a copy that moves `size` bytes, as the step does.

    The size decides which cache the arrays fit, so the step is compared with a copy in the same cache.
    """
    if prepared.case.device == "cpu":
        # One thread copies few bytes fastest: several would wait for Python's lock.
        return max(_copy_rate_by(size, threads) for threads in {1, machine.pinned_threads()})
    return _device_copy_rate(prepared, size)


def _flops_rate(prepared: Prepared) -> float:
    """Return the operations per second of a large matrix product: NumPy's on a CPU, else the framework's own."""
    case, side = prepared.case, PRODUCT_SIZE[prepared.case.device]
    array = np.ones((side, side), dtype=case.dtype)
    if case.device == "cpu":
        return 2.0 * side**3 / _best_seconds(partial(np.matmul, array, array, out=np.empty_like(array)))
    placed = _put(prepared, array)
    return 2.0 * side**3 / _best_seconds(awaited(lambda: placed @ placed, prepared.backend.wait))


def _copy_rate_by(size: int, threads: int) -> float:
    """Return the copy rate of several threads. Each copies its own part many times; all start a round together."""
    part = max(1, size // 2 // threads)
    copies = [partial(np.copyto, np.zeros(part, dtype="uint8"), np.ones(part, dtype="uint8")) for _ in range(threads)]
    calls, _ = calibrate(copies[0], MIN_ROUND_SECONDS)
    barrier = threading.Barrier(threads)

    def work(copy: Callable[[], Any]) -> tuple[float, float]:
        barrier.wait()
        start = now()
        round_seconds(copy, calls)
        return start, now()

    with ThreadPoolExecutor(threads) as pool:
        rounds = [list(pool.map(work, copies)) for _ in range(ROUNDS)]
    fastest = min(max(end for _, end in spans) - min(start for start, _ in spans) for spans in rounds)
    return 2.0 * part * threads * calls / fastest


def _device_copy_rate(prepared: Prepared, size: int) -> float:
    """Return the rate of the framework's own copy on its device; NaN if the framework offers none."""
    copied = prepared.backend.probes.copied
    if copied is None:
        return math.nan
    array = _put(prepared, np.ones(size // 2, dtype="uint8"))

    def copies() -> Array:
        return [copied(array) for _ in range(COPIES_IN_FLIGHT)][-1]

    return 2.0 * (size // 2) * COPIES_IN_FLIGHT / _best_seconds(awaited(copies, prepared.backend.wait))


def _put(prepared: Prepared, array: Array) -> Array:
    return prepared.backend.put((array,), prepared.case)[0]


def _best_seconds(call: Callable[[], Any]) -> float:
    """Return the seconds per call of the fastest round."""
    call()
    calls, _ = calibrate(call, MIN_ROUND_SECONDS)
    return min(round_seconds(call, calls) for _ in range(ROUNDS)) / calls
