"""Worker processes, seen from outside: started in a checkout, asked, waited for no longer than agreed, and moved."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.machine import ROOT
from bench.worker import PROTOCOL

START_SECONDS = 120.0
"""How long a worker may take to say that it is there: it imports nothing heavy before."""

PADDING = 4096
"""The environment of a worker varies by up to so many bytes: its size shifts the stack, and with it the layout."""


class WorkerError(Exception):
    """A worker that does not answer; `status` is `timeout`, `crashed` or `oom`, and the text says what happened."""

    def __init__(self, status: str, reason: str) -> None:
        self.status = status
        super().__init__(reason)


class StartError(Exception):
    """A worker that could not be started, or is of another kind; the text names the checkout and says why."""


@dataclass(frozen=True)
class Side:
    """Where a worker comes from: a checkout, and the interpreter that runs it."""

    path: Path = ROOT
    python: str = sys.executable


class Worker:
    """A worker process. Used as a context, it is killed at the end."""

    def __init__(self, side: Side, threads: int | None, allocator: str, cpus: list[int] | None = None) -> None:
        pinned = [] if threads is None else ["--threads", str(threads)]
        command = [side.python, "-m", "bench.worker", "--allocator", allocator, *pinned]
        padding = "." * random.randrange(PADDING)  # noqa: S311 (not a secret)
        environment = os.environ | {"DESCENT_BENCH_PADDING": padding, "PYTHONPATH": str(side.path)}
        self._ooms = _oom_kills()
        self._side = side
        try:
            self._process = subprocess.Popen(  # noqa: S603 (the user's own interpreter)
                command,
                cwd=side.path,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # killed as a group: torch's compiler starts processes of its own
            )
        except OSError as error:
            raise StartError(f"{side.python} in {side.path}: {error.strerror}") from error
        if cpus:
            self.move(cpus)
        self._answers = b""
        self.ended = False
        self.environment = self._hello()

    def _hello(self) -> dict[str, Any]:
        try:
            hello = self._receive(START_SECONDS)
        except WorkerError as error:
            raise StartError(f"{self._side.path}: no worker starts there ({error}); see the lines above") from error
        if hello.get("protocol") != PROTOCOL:
            self.kill()
            raise StartError(f"{self._side.path}: its worker speaks protocol {hello.get('protocol')}, not {PROTOCOL}")
        return dict(hello["environment"])

    def ask(self, what: str, timeout: float, **request: Any) -> dict[str, Any]:
        """Return the answer to a request. Raises `WorkerError` where the worker dies, or does not answer in time."""
        self.tell(what, **request)
        return self._receive(timeout)

    def tell(self, what: str, **request: Any) -> None:
        """Send a request whose answer is read later, with `answer`."""
        assert self._process.stdin is not None, "opened as a pipe"
        with contextlib.suppress(BrokenPipeError):  # the answer will tell that it died
            self._process.stdin.write(json.dumps({"do": what} | request).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, timeout: float) -> dict[str, Any]:
        """Return the answer to what was told before."""
        return self._receive(timeout)

    def move(self, cpus: list[int]) -> None:
        """Put every thread of the worker on these CPUs, where the system can do that."""
        if not hasattr(os, "sched_setaffinity"):
            return
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # a thread may end meanwhile
                os.sched_setaffinity(int(task.name), cpus)

    def kill(self) -> None:
        """End the worker, and everything that it has started."""
        self.ended = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _receive(self, timeout: float) -> dict[str, Any]:
        assert self._process.stdout is not None, "opened as a pipe"
        end = time.monotonic() + timeout
        while b"\n" not in self._answers:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.kill()
                raise WorkerError("timeout", f"no answer within {timeout:g} s")
            piece = os.read(self._process.stdout.fileno(), 1 << 16)
            if not piece:
                raise self._death()
            self._answers += piece
        line, _, self._answers = self._answers.partition(b"\n")
        return dict(json.loads(line))

    def _death(self) -> WorkerError:
        code = self._process.wait()
        self.kill()
        if code == -signal.SIGKILL and _oom_kills() > self._ooms:
            return WorkerError("oom", "the system killed the process for the memory it took")
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return WorkerError("crashed", f"the process ended {how}")


def _oom_kills() -> int:
    """Return how many processes the system has killed for memory so far; 0 where it does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
