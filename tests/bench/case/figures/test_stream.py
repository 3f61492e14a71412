"""How fast the machine moves bytes: each way to stream does what its name says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bench.case.figures import stream
from bench.case.figures.stream import CALL_BYTES, LARGE, LARGE_BYTES, MIN_PART_BYTES, SMALL, Traffic, Work, stream_rate

WAYS = [
    (traffic, make, size)
    for table, sizes in ((SMALL, (MIN_PART_BYTES, LARGE_BYTES - 8)), (LARGE, (LARGE_BYTES, 3 * CALL_BYTES)))
    for traffic, ways in table.items()
    for make in ways
    for size in sizes
]


@pytest.mark.parametrize(("traffic", "make", "size"), WAYS, ids=lambda part: getattr(part, "__name__", None))
def test_a_call_moves_the_bytes_that_it_states(
    traffic: Traffic, make: stream.Make, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All passes together: an update in place moves each of its bytes twice, and the other streams once."""
    arrays: list[np.ndarray] = []

    def array(size: int) -> np.ndarray:
        arrays.append(np.ones(size // 4, "float32"))
        return arrays[-1]

    monkeypatch.setattr(stream, "_array", array)
    call, moved = make(size)
    call()
    memory = sum(array.nbytes for array in arrays)
    assert memory == pytest.approx(size, abs=8)
    passes = moved / memory / (2 if traffic is Traffic.UPDATED else 1)
    assert passes == round(passes) >= 1
    assert memory * passes >= min(CALL_BYTES / 2, size - 8)


def test_a_sum_over_rows_updates_the_array_in_place_once_for_each_row() -> None:
    """The stream adds zeros. Here the same call adds ones, so that the result counts the passes."""
    array, passes = np.zeros(10_000, "float32"), 7
    np.add.reduce(np.lib.stride_tricks.as_strided(np.ones(1, "float32"), (passes, array.size), (0, 0)), 0, out=array)
    assert (array == passes).all()


@pytest.mark.parametrize("traffic", Traffic)
def test_a_rate_is_that_of_a_memory(traffic: Traffic) -> None:
    for size in (8, 40_000, 8_000_000):
        assert 1e8 < stream_rate(traffic, size, 2) < 1e14


def test_a_round_in_which_the_threads_ran_one_after_the_other_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads with 10 units each: together in 4 s, or one after the other in 2 s, since each has the cache."""
    rounds = iter([[(0.0, 4.0), (0.1, 4.0)], [(0.0, 1.0), (1.0, 2.0)]])

    monkeypatch.setattr(ThreadPoolExecutor, "map", lambda *_: next(rounds))
    monkeypatch.setattr(stream, "calibrate", lambda *_: (1, 0.001))
    monkeypatch.setattr(stream, "ROUNDS", 2)
    assert stream.rate_together([Work(int, 10), Work(int, 10)]) == 5.0
    rounds = iter(2 * [[(0.0, 1.0), (1.0, 2.0)]])
    assert stream.rate_together([Work(int, 10), Work(int, 10)]) == 10.0  # better than no rate
