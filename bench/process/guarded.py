"""The guard of this process: whatever this process started is killed when it ends (`bench.process.guard`)."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import uuid
from typing import IO

from bench.process import guard as program

DEATH_SECONDS = 5.0
"""How long the guard may take to end after this process, in seconds."""

OWN_MARK = uuid.uuid4().hex
"""The mark of this process. The marks of its workers begin with it."""

MARK = "DESCENT_BENCH_WORKER"
"""Environment variable of a worker and of everything it starts: `<OWN_MARK of its client>/<id of the worker>`.

A guard does not have it. So where a guarded process has started guards of its own, they outlive it and do their work.
"""

_guards: list[subprocess.Popen[bytes]] = []
_guards_lock = threading.Lock()


def guard() -> subprocess.Popen[bytes]:
    """Return the guard of this process, which is started at the first call. Its input ends when this process ends."""
    with _guards_lock:  # the lanes of a duel start workers at the same time
        if not _guards:
            command = [sys.executable, "-I", "-S", program.__file__, OWN_MARK]
            unmarked = {name: value for name, value in os.environ.items() if name != MARK}
            _guards.append(
                subprocess.Popen(command, env=unmarked, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
            )
            atexit.register(_dismiss, _guards[0])
        return _guards[0]


def _dismiss(guarding: subprocess.Popen[bytes]) -> None:
    """End the guard, once it has killed what is left."""
    with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
        _input(guarding).close()
        guarding.wait(DEATH_SECONDS)


def tell(guarding: subprocess.Popen[bytes], group: int) -> None:
    """Tell the guard of a process group, for systems where it cannot find marked processes."""
    with contextlib.suppress(BrokenPipeError):
        _input(guarding).write(f"{group}\n".encode())
        _input(guarding).flush()


def _input(guarding: subprocess.Popen[bytes]) -> IO[bytes]:
    assert guarding.stdin is not None
    return guarding.stdin
