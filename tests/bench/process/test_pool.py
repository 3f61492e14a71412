"""One worker a framework: kept between its cases, paused while another is measured, replaced when it dies."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends import Case
from bench.process.client import Worker
from bench.process.pool import Pool

PATIENCE = 30.0
"""A signal takes a moment, and longer on a busy machine."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of a process in /proc")


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(threads=None, allocator="default")
    try:
        yield pool
    finally:
        pool.close()


def worker(pool: Pool, backend: str, device: str = "cpu") -> Worker:
    """Return the worker that would measure a case of this backend."""
    peer = pool.peer(Case("descent", "quadratic", backend, 1, "float32", device, steps=1))
    assert isinstance(peer, Worker)
    return peer


def test_a_process_that_even_a_kill_does_not_end_is_not_waited_for(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver may hold it. Here only the waiting is made to fail."""
    held = worker(pool, "numpy")

    def forever(timeout: float | None = None) -> int:
        assert timeout is not None
        raise subprocess.TimeoutExpired("worker", timeout)

    wait = held._process.wait
    monkeypatch.setattr(held._process, "wait", forever)
    held.kill()
    assert held.ended
    wait(PATIENCE)


def pid(worker: Worker) -> int:
    return worker._process.pid


def paused(worker: Worker) -> bool:
    """Return whether the system has paused the worker."""
    return Path(f"/proc/{pid(worker)}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


def becomes(worker: Worker, *, asleep: bool) -> bool:
    """Wait until the worker is paused, or is not. Return false if that takes too long."""
    end = time.monotonic() + PATIENCE
    while paused(worker) != asleep:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_framework_has_one_worker(pool: Pool) -> None:
    assert worker(pool, "numpy") is worker(pool, "numpy-inplace")
    assert worker(pool, "numpy") is not worker(pool, "autograd")


def test_a_worker_is_paused_while_another_is_measured(pool: Pool) -> None:
    first = worker(pool, "numpy")
    second = worker(pool, "autograd")
    assert becomes(first, asleep=True)
    assert worker(pool, "numpy") is first
    assert becomes(second, asleep=True)
    assert becomes(first, asleep=False)


def test_a_worker_that_died_is_replaced(pool: Pool) -> None:
    first = worker(pool, "numpy")
    first.kill()
    assert worker(pool, "numpy") is not first


@pytest.mark.parametrize("before", ["numpy", "autograd"])
def test_before_a_case_on_a_gpu_the_other_workers_end(pool: Pool, before: str) -> None:
    """Also if the framework's own worker was measuring on the CPU: a paused worker holds the GPU's memory."""
    other = worker(pool, "numpy")
    worker(pool, before)
    kept = worker(pool, "autograd", device="cuda")
    assert other.ended
    assert not kept.ended
