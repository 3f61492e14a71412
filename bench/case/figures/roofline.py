"""The machine's limits, measured during the run: bytes moved and operations done per second.

They are measured on the case's own CPUs or GPU. A limit is a maximum, and a busy machine hides it for a while. So on a
CPU it is measured up to three times, and the best of this process so far counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench import machine
from bench.case.figures.stream import Traffic, Work, rate_together, stream_rate
from bench.case.prepare import Prepared
from bench.case.rounds import awaited, calibrate, round_seconds
from problems import SGD, Array, step_flops, step_traffic
from report.table.keys import framework

ROUNDS = 5
MIN_ROUND_SECONDS = 0.001

MAX_MEASUREMENTS = 3
"""How often a process measures one limit of a CPU. A busy machine hides a limit for a while, so once is not enough."""

SMALL_SIDE, STACK = 64, 64
"""Of the products on a CPU: their rows and columns, and how many of them a call computes.

BLAS computes products of this size in the thread that calls it. The threads of one large product wait for each other,
and on a busy machine that takes up to a hundred times as long.
"""

DEVICE_SIDES = (512, 1024, 2048, 4096, 8192)
"""Rows and columns of the products on a GPU, up to the first whose product takes `MIN_ROUND_SECONDS`.

So a fast GPU gets enough work for all of its cores, and a slow one does not compute for minutes.
"""

DEVICE_BYTES = (2**22, 2**24, 2**26, 2**28)
"""The sizes of the streams on a GPU, besides the step's own. The largest exceeds every cache.

A small stream takes less time than its launch. A larger one is no faster but for that, so the best of them counts.
"""

STREAMS_IN_FLIGHT = 8
"""How many streams a device gets before it is waited for. Each launch then overlaps with the stream before it."""


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
    traffic = step_traffic(case.operator, x, data, case.optimizer or SGD)
    moved = {Traffic.UPDATED: traffic.updated, Traffic.WRITTEN: traffic.written, Traffic.READ: traffic.read}
    seconds = sum(count / _stream(prepared, kind, traffic.memory) for kind, count in moved.items() if count)
    flops = step_flops(case.operator, prepared.problem, x, data, case.optimizer or SGD)
    step_bytes = sum(moved.values())
    return Limit(step_bytes, math.nan if flops is None else flops, step_bytes / seconds, _product(prepared))


def _stream(prepared: Prepared, traffic: Traffic, size: int) -> float:
    """Return the best rate so far of a stream over `size` bytes or more: over fewer bytes it is no slower."""
    if prepared.case.device == "cpu":
        if _is_due((traffic, size)):
            _keep(_streams, (traffic, size), stream_rate(traffic, size, machine.pinned_threads()))
        return max(rate for (kind, other), rate in _streams.items() if kind == traffic and other >= size)
    return _device_stream(prepared, size)


def _product(prepared: Prepared) -> float:
    """Return the best rate so far of matrix products: NumPy's on a CPU, else the framework's own."""
    case, precision = prepared.case, prepared.backend.probes.precision
    if case.device == "cpu":
        key = ("cpu", case.dtype, "")
        if _is_due(key):
            _keep(_products, key, max(_products_rate(case.dtype, each) for each in {1, machine.pinned_threads()}))
        return _products[key]
    key = (framework(case.backend), case.dtype, "" if precision is None else precision(case.device))
    return _products[key] if key in _products else _keep(_products, key, _device_product_rate(prepared))


def _is_due(key: object) -> bool:
    """Count how often a limit was asked for, and return whether to measure it again."""
    _asked[key] += 1
    return _asked[key] <= MAX_MEASUREMENTS


_asked: Counter[object] = Counter()
_streams: dict[tuple[Traffic, int], float] = {}
_products: dict[tuple[str, str, str], float] = {}
_device_streams: dict[tuple[str, int], float] = {}


def _keep(best: dict[Any, float], key: Any, rate: float) -> float:
    best[key] = max(rate, best.get(key, 0.0))
    return best[key]


def _products_rate(dtype: str, threads: int) -> float:
    """Return the operations per second of small products in NumPy, each thread with products of its own."""

    def products() -> Work:
        stack = np.ones((STACK, SMALL_SIDE, SMALL_SIDE), dtype=dtype)
        return Work(partial(np.matmul, stack, stack, out=np.empty_like(stack)), 2 * STACK * SMALL_SIDE**3)

    return rate_together([products() for _ in range(threads)])


def _device_product_rate(prepared: Prepared) -> float:
    """Return the operations per second of the framework's products, up to the first that takes long enough."""
    rate = 0.0
    for side in DEVICE_SIDES:
        seconds = _best_seconds(_device_product(prepared, side))
        rate = max(rate, 2.0 * side**3 / seconds)
        if seconds >= MIN_ROUND_SECONDS:
            break
    return rate


def _device_product(prepared: Prepared, side: int) -> Callable[[], Any]:
    array = _put(prepared, np.ones((side, side), dtype=prepared.case.dtype))
    return awaited(lambda: array @ array, prepared.backend.wait, prepared.case)


def _device_stream(prepared: Prepared, size: int) -> float:
    """Return the best rate of the framework's own streams on its device, over `size` bytes or more.

    NaN if the framework offers none. A GPU's memory reads as fast as it writes, so one rate is that of all traffic. All
    modes of a framework use its device alike.
    """
    name, sizes = framework(prepared.case.backend), [size, *(other for other in DEVICE_BYTES if other > size)]
    for each in sizes:
        if (name, each) not in _device_streams:
            _device_streams[name, each] = _device_rate(prepared, each)
    rates = [rate for (of, other), rate in _device_streams.items() if of == name and other >= size]
    return max((rate for rate in rates if not math.isnan(rate)), default=math.nan)


def _device_rate(prepared: Prepared, size: int) -> float:
    """Return the rate at which the framework updates `size` bytes in place, or else copies half of them."""
    updated, copied = prepared.backend.probes.updated, prepared.backend.probes.copied
    if updated is not None:
        array = _put(prepared, np.ones(size // 4 + 1, dtype="float32"))
        return _rate_in_flight(prepared, updated, array)
    if copied is not None:
        array = _put(prepared, np.ones(size // 8 + 1, dtype="float32"))
        return _rate_in_flight(prepared, copied, array)
    return math.nan


def _rate_in_flight(prepared: Prepared, stream: Callable[[Array], Array], array: Array) -> float:
    """Return the bytes per second, read and written, of a stream that takes the array that it returned before."""
    current = [array]

    def streams() -> Array:
        for _ in range(STREAMS_IN_FLIGHT):
            current[0] = stream(current[0])
        return current[0]

    moved = 2.0 * array.nbytes * STREAMS_IN_FLIGHT
    return moved / _best_seconds(awaited(streams, prepared.backend.wait, prepared.case))


def _put(prepared: Prepared, array: Array) -> Array:
    return prepared.backend.put((array,), prepared.case)[0]


def _best_seconds(call: Callable[[], Any]) -> float:
    """Return the seconds per call of the fastest round."""
    call()
    calls, _ = calibrate(call, MIN_ROUND_SECONDS)
    return min(round_seconds(call, calls) for _ in range(ROUNDS)) / calls
