"""Worker processes from outside: start a worker in a checkout, ask it, wait for its answer, pin it, and kill it."""

from __future__ import annotations

import contextlib
import os
import random
import select as system
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.case.failure import Failure
from bench.machine import ROOT
from bench.process.protocol import OLDEST_COMMIT, PROTOCOL, CaseFields, Message, decode, encode

START_SECONDS = 120.0
"""How long a worker may take to start. It imports nothing heavy before it says so."""

IMPORT_SECONDS = 300.0
"""How long a worker may take to import all frameworks."""

MAX_PADDING = 4096
"""How many bytes, at most, are added to a worker's environment: its size shifts the stack, and so the memory layout."""


class WorkerError(Exception):
    """A worker that gives no answer. `failure.status` is `timeout`, `crashed` or `oom`."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.reason)


class StartError(Exception):
    """A worker that does not start, or speaks another protocol. The text names the checkout and the reason."""


@dataclass(frozen=True)
class Side:
    """Where a worker comes from: a checkout, and the interpreter that runs it."""

    path: Path = ROOT
    python: str = sys.executable


class Worker:
    """A worker process. As a context manager, it is killed at the end."""

    def __init__(self, side: Side, threads: int | None, allocator: str, cpus: list[int] | None = None) -> None:
        pinned = [] if threads is None else ["--threads", str(threads)]
        command = [side.python, "-m", "bench.worker", "--allocator", allocator, *pinned]
        padding = "." * random.randrange(MAX_PADDING)  # noqa: S311 (not a secret)
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
            self.pin(cpus)
        self._received = b""
        self.ended = False
        self.environment = self._hello()

    def _hello(self) -> dict[str, Any]:
        """Return the environment that the worker sends when it starts."""
        try:
            hello = self.answer(START_SECONDS)
        except WorkerError as error:
            raise StartError(f"{self._side.path}: no worker starts there ({error}); see the lines above") from error
        if (protocol := hello.get("protocol")) != PROTOCOL:
            self.kill()
            raise StartError(
                f"{self._side.path}: its worker speaks protocol {protocol}, and this checkout speaks {PROTOCOL}; the "
                f"oldest commit that can duel with this checkout is {OLDEST_COMMIT}"
            )
        return dict(hello["environment"])

    def ask(self, what: str, timeout: float, **fields: Any) -> Message:
        """Send a request and return its answer. Raise `WorkerError` if the worker dies, or exceeds the timeout."""
        self.send(what, **fields)
        return self.answer(timeout)

    def send(self, what: str, **fields: Any) -> None:
        """Send a request. Its answer is read later, with `answer`."""
        assert self._process.stdin is not None, "opened as a pipe"
        with contextlib.suppress(BrokenPipeError):  # the worker died, and `answer` will say so
            self._process.stdin.write(encode({"do": what} | fields))
            self._process.stdin.flush()

    def answer(self, timeout: float) -> Message:
        """Return the next answer. Raise `WorkerError` if the worker dies, or takes more than `timeout` seconds."""
        assert self._process.stdout is not None, "opened as a pipe"
        end = time.monotonic() + timeout
        while b"\n" not in self._received:
            ready, _, _ = system.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.kill()
                raise WorkerError(Failure("timeout", f"no answer within {timeout:g} s"))
            piece = os.read(self._process.stdout.fileno(), 1 << 16)
            if not piece:
                raise WorkerError(self._death())
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return decode(line)

    def pin(self, cpus: list[int]) -> None:
        """Pin every thread of the worker to these CPUs, if the system can do that."""
        if not hasattr(os, "sched_setaffinity"):
            return
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # a thread may end meanwhile
                os.sched_setaffinity(int(task.name), cpus)

    def kill(self) -> None:
        """End the worker, and every process that it has started."""
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

    def _death(self) -> Failure:
        """Return how the worker ended."""
        code = self._process.wait()
        self.kill()
        if code == -signal.SIGKILL and _oom_kills() > self._ooms:
            return Failure("oom", "the system killed the process because memory ran out")
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return Failure("crashed", f"the process ended {how}")


def select(worker: Worker, options: dict[str, str | None]) -> list[CaseFields]:
    """Return the cases that the options select in the worker's checkout.

    Raise `ValueError` if an option is wrong, and `StartError` if the worker ends while it imports the frameworks.
    """
    try:
        answer = worker.ask("select", IMPORT_SECONDS, options=options)
    except WorkerError as error:
        raise StartError(f"a worker ended while it imported the frameworks ({error}); see the lines above") from error
    if "error" in answer:
        raise ValueError(answer["error"])
    return list(answer["cases"])


def _oom_kills() -> int:
    """Return how many processes the system has killed so far because memory ran out; 0 if it does not count them."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
