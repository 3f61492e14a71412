"""The machine's limits, measured in the run: bytes copied and operations done a second, on the case's own CPUs or GPU.

A limit is a maximum: the best of several rounds counts. Each is measured once a process for the same question.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from backends import Case
from backends.probes import probes_of
from bench import machine
from bench.measure import Prepared
from bench.rounds import awaited, calibrate, clock, round_seconds
from problems import Array, step_bytes, step_flops

ROUNDS = 7
ROUND_SECONDS = 0.002

SMALLEST_COPY = {"cpu": 2**18, "cuda": 2**26}
"""Bytes moved. Of fewer the call would be measured, and not the copy; on a CPU these lie in a core's second cache."""

IN_FLIGHT = 8
"""Copies that a device is given before it is waited for: their launches hide behind each other."""

PRODUCT = {"cpu": 768, "cuda": 8192}
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
    copy, flops_rate = (_host_rates if case.device == "cpu" else _device_rates)(prepared, _copied_bytes(case, moved))
    return Limit(moved, math.nan if flops is None else flops, copy, flops_rate)


def _copied_bytes(case: Case, moved: int) -> int:
    """Return how many bytes the copy moves: as many as the step, so that a cache is held against a cache."""
    return max(moved, SMALLEST_COPY[case.device])


def _host_rates(prepared: Prepared, moved: int) -> tuple[float, float]:
    threads = machine.pinned_threads()
    return _host_copy_rate(moved, threads), _host_flops_rate(prepared.case.dtype, threads)


def _device_rates(prepared: Prepared, moved: int) -> tuple[float, float]:
    """Return the framework's own rates on its device: they are the same for all of its modes."""
    case, framework = prepared.case, prepared.case.backend.partition("-")[0]
    for key, measure in (
        ((framework, case.device, moved), partial(_device_copy_rate, prepared, moved)),
        ((framework, case.device, case.dtype), partial(_device_flops_rate, prepared)),
    ):
        if key not in _device_rate:
            _device_rate[key] = measure()
    return _device_rate[framework, case.device, moved], _device_rate[framework, case.device, case.dtype]


_device_rate: dict[tuple[str, str, str | int], float] = {}


@cache
def _host_copy_rate(moved: int, threads: int) -> float:
    """Return the bytes a second, read and written, of NumPy's copy of `moved // 2` bytes by as many threads as may be.

    A small copy is fastest by one thread, whose fellows would wait for Python's lock.
    """
    return max(_copy_rate_by(moved, count) for count in {1, threads})


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


@cache
def _host_flops_rate(dtype: str, threads: int) -> float:
    """Return the operations a second of NumPy's matrix product, by its BLAS, on all its threads."""
    side = PRODUCT["cpu"]
    a, b, out = (np.ones((side, side), dtype=dtype) for _ in range(3))
    return 2.0 * side**3 / _best_seconds(partial(np.matmul, a, b, out=out))


def _device_copy_rate(prepared: Prepared, moved: int) -> float:
    """Return the rate of the framework's own copy on its device; NaN where the framework has none to offer."""
    copied = probes_of(prepared.backend).copied
    if copied is None:
        return math.nan
    array = _put(prepared, np.ones(moved // 2, dtype="uint8"))

    def copies() -> Array:
        return [copied(array) for _ in range(IN_FLIGHT)][-1]

    return 2.0 * (moved // 2) * IN_FLIGHT / _best_seconds(awaited(copies, prepared.backend.wait))


def _device_flops_rate(prepared: Prepared) -> float:
    """Return the operations a second of the framework's own matrix product."""
    side = PRODUCT[prepared.case.device]
    array = _put(prepared, np.ones((side, side), dtype=prepared.case.dtype))
    return 2.0 * side**3 / _best_seconds(awaited(lambda: array @ array, prepared.backend.wait))


def _put(prepared: Prepared, array: Array) -> Array:
    return prepared.backend.put((array,), prepared.case)[0]


def _best_seconds(call: Callable[[], Any]) -> float:
    """Return the seconds a call of the best round."""
    call()
    times, _ = calibrate(call, ROUND_SECONDS)
    return min(round_seconds(call, times) for _ in range(ROUNDS)) / times
