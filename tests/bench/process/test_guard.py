"""When the parent is gone, by whatever signal, or is interrupted, nothing that it started lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.process import guard
from tests.checkout import Checkout, environment

HANGING = """
import os, time

from backends.numpy_modes import NumpyMode


def descent(problem, case, x, data):
    def run(x, data):
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        open("started", "w").close()
        return sum(range(10**13))  # holds the interpreter's lock
    return run


BACKENDS = (NumpyMode("hanging", {"descent": descent}),)
"""

COMMANDS = {
    "race": ("pytest", "bench/", "--benchmark-only"),
    "run": ("bench", "run", "--launches", "1"),
    "duel": ("bench", "duel", "--pairs", "8"),
}
NIGHT = pytest.mark.night
KILLED = [
    ("race", signal.SIGKILL),
    ("race", signal.SIGTERM),
    ("duel", signal.SIGHUP),
    pytest.param("run", signal.SIGKILL, marks=NIGHT),
    pytest.param("duel", signal.SIGKILL, marks=NIGHT),
]
INTERRUPTED = [
    ("race", 1),
    ("race", 2),
    ("duel", 1),
    pytest.param("duel", 2, marks=NIGHT),
    pytest.param("run", 1, marks=NIGHT),
]
"""pytest handles Ctrl-C in the race, and `bench/__main__.py` handles it in the other two."""

PATIENCE = 15.0
"""It takes a second or two on a quiet machine (docs/methodology.md). The backend would hang for ten minutes."""

SELECTION = ("--backend", "hanging", "--batch-size", "1", "--device", "cpu")


@contextmanager
def started(checkout: Checkout, command: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Give a command whose backend hangs, in a session of its own, and the mark of all its processes.

    Where the test fails, what is left of them is killed: it would compute for hours beside all other tests.
    """
    checkout.write("backends/hanging_modes.py", HANGING)
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        checkout.command(*COMMANDS[command], *SELECTION),
        cwd=checkout.path,
        env=environment() | {"TEST_MARK": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while not (checkout.path / "started").exists():
            assert time.monotonic() < end, process.poll()
            time.sleep(0.05)
        yield process, mark
    finally:
        guard.kill_marked(mark.encode())
        process.wait()


def alive(mark: str) -> list[int]:
    """Return the processes with the mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def gone(mark: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(mark):
            return True
        time.sleep(0.05)
    return not alive(mark)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the processes in /proc")
@pytest.mark.parametrize(("command", "number"), KILLED)
def test_when_the_parent_is_killed_everything_ends(checkout: Checkout, command: str, number: signal.Signals) -> None:
    """The race is killed by SIGKILL, which it cannot catch, and the two signals that it could are sent to one each.

    The commands share the code that ends their workers, and none of them handles these signals.
    """
    with started(checkout, command) as (process, mark):
        process.send_signal(number)
        process.wait(PATIENCE)
        assert gone(mark, PATIENCE)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the processes in /proc")
@pytest.mark.parametrize(("command", "times"), INTERRUPTED)
def test_ctrl_c_ends_everything(checkout: Checkout, command: str, times: int) -> None:
    with started(checkout, command) as (process, mark):
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.05)
        process.wait(PATIENCE)
        assert gone(mark, PATIENCE)
    assert process.returncode in ((2, 130) if times == 1 else (2, 130, -signal.SIGINT))
