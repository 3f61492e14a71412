"""Kills what a process has started, once that process is gone, however it went. Run by its path, not imported.

The standard input is a pipe whose other end only the guarded process holds. When the process ends, by whatever signal,
the system closes the pipe, and the guard kills every process whose environment has the token, and their process groups.
A thread in the worker could not do that: it starves behind a held GIL. The system's own parent-death signal follows the
thread that forked, not the process.

Where there is no /proc, it kills the process groups that were written to the pipe, one number a line.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PASSES = 20
"""How often the guard looks again: a process may be forking while its parent is killed."""


def marked(token: bytes) -> list[int]:
    """Return the processes whose environment has the token."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if token in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def kill_marked(token: bytes) -> None:
    """Kill all processes whose environment has the token, until none is left."""
    for _ in range(PASSES):
        processes = marked(token)
        if not processes:
            return
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def main() -> None:
    """Wait for the end of the input, then kill."""
    groups = {int(line) for line in sys.stdin if line.strip().isdigit()}
    if Path("/proc/self/environ").exists():
        kill_marked(sys.argv[1].encode())
        return
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
