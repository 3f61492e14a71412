"""The machine's limits, measured in the run: bytes copied and operations done a second, on the case's own CPUs or GPU.

A limit is a maximum, and neighbours hide it for a while: it is measured anew beside every case, and the best so far in
this process counts.
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
from bench.case.rounds import awaited, calibrate, clock, round_seconds
from problems import Array, step_bytes, step_flops

ROUNDS = 3
ROUND_SECONDS = 0.001

SMALLEST_COPY = {"cpu": 2**18, "cuda": 2**26}
"""Bytes moved. Of fewer the call would be measured, and not the copy; on a CPU these lie in a core's second cache."""

IN_FLIGHT = 8
"""Copies that a device is given before it is waited for: their launches hide behind each other."""

PRODUCT = {"cpu": 512, "cuda": 8192}
"""Rows and columns of the matrices: enough for every core to reach its pace, in some milliseconds."""


class Limit(NamedTuple):
    """What a step cannot avoid, what the machine does at best, and the seconds that follow; NaN: not known."""

    step_bytes: float
    step_flops: float
    copy_bytes_per_second: float
    flops_per_second: float

    @property
    def seconds(self) -> float:
        """The least time of a step: that of its bytes, or of its operations where that is longer."""
        times = (self.step_bytes / self.copy_bytes_per_second, self.step_flops / self.flops_per_second)
        return max((time for time in times if not math.isnan(time)), default=math.nan)


def limit(prepared: Prepared) -> Limit:
    """Return what bounds a step of the case."""
    case, x, data = prepared.case, prepared.host[0], prepared.host[-1]
    moved = step_bytes(case.operator, x, data)
    flops = step_flops(case.operator, prepared.problem, x, data)
    size = max(moved, SMALLEST_COPY[case.device])
    where = "cpu" if case.device == "cpu" else case.backend.partition("-")[0]  # a framework's modes share its device
    copy = _best_so_far((where, size), partial(_copy_rate, prepared, size))
    product = _best_so_far((where, case.dtype), partial(_flops_rate, prepared))
    return Limit(moved, math.nan if flops is None else flops, copy, product)


def _best_so_far(question: tuple[str, int | str], measure: Callable[[], float]) -> float:
    _best[question] = max(measure(), _best.get(question, 0.0))
    return _best[question]


_best: dict[tuple[str, int | str], float] = {}


def _copy_rate(prepared: Prepared, moved: int) -> float:
    """Return the bytes a second, read and written, of a copy that moves as many bytes as the step.

    What lies in a cache is held against a cache.
    """
    if prepared.case.device == "cpu":
        # A small copy is fastest by one thread, whose fellows would wait for Python's lock.
        return max(_copy_rate_by(moved, threads) for threads in {1, machine.pinned_threads()})
    return _device_copy_rate(prepared, moved)


def _flops_rate(prepared: Prepared) -> float:
    """Return the operations a second of a large matrix product: NumPy's on a CPU, else the framework's own."""
    case, side = prepared.case, PRODUCT[prepared.case.device]
    array = np.ones((side, side), dtype=case.dtype)
    if case.device == "cpu":
        return 2.0 * side**3 / _best_seconds(partial(np.matmul, array, array, out=np.empty_like(array)))
    placed = _put(prepared, array)
    return 2.0 * side**3 / _best_seconds(awaited(lambda: placed @ placed, prepared.backend.wait))


def _copy_rate_by(moved: int, threads: int) -> float:
    """Return the rate where each thread copies its own part, over and over: they meet once a round."""
    part = max(1, moved // 2 // threads)
    copies = [partial(np.copyto, np.zeros(part, dtype="uint8"), np.ones(part, dtype="uint8")) for _ in range(threads)]
    times, _ = calibrate(copies[0], ROUND_SECONDS)
    barrier = threading.Barrier(threads)

    def work(copy: Callable[[], Any]) -> tuple[float, float]:
        barrier.wait()
        start = clock()
        round_seconds(copy, times)
        return start, clock()

    with ThreadPoolExecutor(threads) as pool:
        ends = [list(pool.map(work, copies)) for _ in range(ROUNDS)]
    return (
        2.0 * part * threads * times / min(max(end for _, end in one) - min(start for start, _ in one) for one in ends)
    )


def _device_copy_rate(prepared: Prepared, moved: int) -> float:
    """Return the rate of the framework's own copy on its device; NaN where the framework has none to offer."""
    copied = prepared.backend.probes.copied
    if copied is None:
        return math.nan
    array = _put(prepared, np.ones(moved // 2, dtype="uint8"))

    def copies() -> Array:
        return [copied(array) for _ in range(IN_FLIGHT)][-1]

    return 2.0 * (moved // 2) * IN_FLIGHT / _best_seconds(awaited(copies, prepared.backend.wait))


def _put(prepared: Prepared, array: Array) -> Array:
    return prepared.backend.put((array,), prepared.case)[0]


def _best_seconds(call: Callable[[], Any]) -> float:
    """Return the seconds a call of the best round."""
    call()
    times, _ = calibrate(call, ROUND_SECONDS)
    return min(round_seconds(call, times) for _ in range(ROUNDS)) / times
