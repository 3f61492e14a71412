"""Kill what a process has started, once that process has ended, for whatever reason. The guard is run by its path.

The standard input is a pipe whose other end only the guarded process holds. When the process ends, even by a
signal, the system closes the pipe. Then the guard kills every process whose environment has the token. A thread in the
worker could not do that: it does not run while other code holds the GIL. The system's parent-death signal is sent when
the thread that forked ends, not when the process ends.

Without /proc, the guard kills the process groups whose numbers were written to the pipe, one a line.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PASSES = 20
"""How often the guard searches, at most: a process may fork a new one while the guard kills."""


def marked(token: bytes) -> list[int]:
    """Return the ids of the other processes whose environment has the token."""
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
    """Wait for the end of the input, then kill what the guarded process has started."""
    groups = {int(line) for line in sys.stdin if line.strip().isdigit()}
    if Path("/proc/self/environ").exists():
        kill_marked(sys.argv[1].encode())
        return
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
