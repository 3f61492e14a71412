"""The column `cores`: CPU seconds of all threads over the seconds that passed, in the backend's own rounds."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import backends
from backends import Case
from bench import clock, machine
from bench.case.measure import Measurement
from bench.case.rounds import Budget
from bench.case.row import Launch

CASE = Case("descent", "quadratic", "numpy", 100, "float32", "cpu", 100)
CORES = 2.5


def test_the_cpu_clock_counts_the_seconds_of_every_thread() -> None:
    def compute() -> None:
        array = np.ones(1 << 16)
        while time.thread_time() < 0.05:
            np.sqrt(array, out=array)

    before, own = clock.cpu(), time.thread_time()
    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert clock.cpu() - before - (time.thread_time() - own) >= 0.05


@pytest.mark.parametrize(("threads", "warned"), [(1, True), (9, False)])
def test_a_row_says_how_many_cores_computed(monkeypatch: pytest.MonkeyPatch, threads: int, *, warned: bool) -> None:
    """The clock stands in for threads that reset their affinity: on a busy machine those get no second core."""
    monkeypatch.setattr(clock, "cpu", lambda: CORES * clock.now())
    monkeypatch.setattr(machine, "pinned_threads", lambda: threads)
    measurement = Measurement(CASE, backends.load(("numpy",)), Launch())
    planned = measurement.begin(Budget(0.002, 0.01, 6, memory=False))
    assert planned is not None
    for _ in range(planned.rounds):
        measurement.round()
    row = measurement.finish()
    assert row["cores"] >= CORES
    assert ("cores: " in row["warnings"]) == warned
