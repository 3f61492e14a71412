"""How fast this machine's CPUs move bytes: streams over arrays of a given size, by threads that start together.

A stream goes over its arrays again and again, as a descent does. So its arrays stay in the same cache as a step's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

from bench.case.rounds import calibrate, round_seconds
from bench.clock import now
from problems import Array

ROUNDS = 9
MIN_ROUND_SECONDS = 0.001

MIN_PART_BYTES = 24 * 2**10
"""The fewest bytes that a thread streams. They fit in a core's first cache, and so would fewer. But NumPy copies rows
to a buffer where they are shorter than a third of its buffer's 8,192 elements, which makes a stream three times slower.
"""

MIN_SHARE_TOGETHER = 0.8
"""In how much of a round all threads must run."""

LARGE_BYTES = 2**20
"""From this size on a pass takes much longer than NumPy needs to begin a call, so a pass is a call."""

CALL_BYTES = 2**24
"""How many bytes of memory a call goes over, in several passes, if the array is smaller than `LARGE_BYTES`."""


Span: TypeAlias = tuple[float, float]
"""When a thread began its work, and when it ended."""


class Traffic(Enum):
    """What happens to the bytes of a stream."""

    UPDATED = auto()  # read, and written in place
    WRITTEN = auto()  # read from one array, and written to another
    READ = auto()


class Work(NamedTuple):
    """A call, and how much it does: how many bytes a stream reads and writes, or how many operations a product has."""

    call: Callable[[], Any]
    amount: int


Make: TypeAlias = Callable[[int], Work]
"""`make(size)` returns a stream over `size` bytes of memory."""


def stream_rate(traffic: Traffic, size: int, threads: int) -> float:
    """Return the bytes per second, read and written, at which this machine streams `size` bytes of memory.

    It is the best of the ways to write the stream, by one thread and by `threads`.
    """
    return max(rate for count in {1, threads} for rate in _rates(traffic, max(size // count, MIN_PART_BYTES), count))


def _rates(traffic: Traffic, part: int, threads: int) -> Iterator[float]:
    for make in LARGE[traffic] if part >= LARGE_BYTES else SMALL[traffic]:
        yield rate_together([make(part) for _ in range(threads)])


def rate_together(parts: Sequence[Work]) -> float:
    """Return how much is done per second, each part in its own thread. All of them start a round together.

    If a busy machine runs one thread after the other, each finds more of its arrays in the cache. Such a round does not
    count, unless all are like that.
    """
    calls, _ = calibrate(parts[0].call, MIN_ROUND_SECONDS)
    barrier = threading.Barrier(len(parts))

    def work(part: Work) -> Span:
        barrier.wait()
        start = now()
        round_seconds(part.call, calls)
        return start, now()

    with ThreadPoolExecutor(len(parts)) as pool:
        rounds = [list(pool.map(work, parts)) for _ in range(ROUNDS)]
    together = [spans for spans in rounds if _share_together(spans) >= MIN_SHARE_TOGETHER]
    return sum(part.amount for part in parts) * calls / min(map(_elapsed, together or rounds))


def _elapsed(spans: Sequence[Span]) -> float:
    return max(end for _, end in spans) - min(start for start, _ in spans)


def _share_together(spans: Sequence[Span]) -> float:
    """Return the share of a round in which all of its threads ran."""
    return (min(end for _, end in spans) - max(start for start, _ in spans)) / _elapsed(spans)


def _updated_by_passes(size: int) -> Work:
    """Return a stream that adds a number to an array in place, in several passes a call.

    A sum over rows, into an array of a row's length, adds each row to that array. All rows here are the same zero. It
    is the only way to have NumPy go over a small array in place several times in one call.
    """
    array, passes = _array(size), _passes(size)
    rows = as_strided(np.zeros(1, array.dtype), (passes, array.size), (0, 0))
    return Work(lambda: np.add.reduce(rows, axis=0, out=array), 2 * array.nbytes * passes)


def _updated(size: int) -> Work:
    array, factor = _array(size), np.float32(1.0)
    return Work(lambda: np.multiply(array, factor, out=array), 2 * array.nbytes)


def _written(size: int) -> Work:
    source, target = (_repeated(_array(size // 2), _passes(size)) for _ in range(2))
    return Work(lambda: np.negative(source, out=target), source.nbytes + target.nbytes)


def _copied(size: int) -> Work:
    source, target = _array(size // 2), _array(size // 2)
    return Work(lambda: np.copyto(target, source), 2 * source.nbytes)


def _read(size: int) -> Work:
    """Return a stream that only reads: it looks for the largest byte, which NumPy does as fast as anything."""
    rows = _repeated(_array(size).view("uint8"), _passes(size))
    return Work(lambda: np.maximum.reduce(rows, axis=None), rows.nbytes)


SMALL: Mapping[Traffic, Sequence[Make]] = {
    Traffic.UPDATED: (_updated_by_passes,),
    Traffic.WRITTEN: (_written,),
    Traffic.READ: (_read,),
}
LARGE: Mapping[Traffic, Sequence[Make]] = {
    Traffic.UPDATED: (_updated,),
    Traffic.WRITTEN: (_written, _copied),
    Traffic.READ: (_read,),
}
"""The ways to write each stream, for parts below and from `LARGE_BYTES` on. A copy may bypass the caches, so whether it
is faster depends on the machine."""


def _array(size: int) -> Array:
    return np.ones(size // 4, dtype="float32")


def _passes(size: int) -> int:
    return 1 if size >= LARGE_BYTES else CALL_BYTES // size


def _repeated(array: Array, passes: int) -> Array:
    """Return a view of the array with `passes` rows, each of which is the whole array."""
    return as_strided(array, (passes, array.size), (0, array.itemsize))
