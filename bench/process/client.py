"""The client of worker processes: start a worker in a checkout, send it requests, read answers, pause it, kill it."""

from __future__ import annotations

import contextlib
import os
import random
import select as system
import signal
import subprocess
import sys
import threading
import uuid
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from backends import Case
from bench import clock
from bench.case.failure import Failure
from bench.machine import ROOT
from bench.options import PRECISIONS
from bench.process import guard, guarded
from bench.process.guarded import MARK
from bench.process.protocol import OLDEST_COMMIT, PROTOCOL, CaseFields, Message, decode, encode

START_SECONDS = 120.0
"""How long a worker may take to start, in seconds. It imports nothing heavy before it says that it has started."""

IMPORT_SECONDS = 300.0
"""How long a worker may take to import all frameworks, in seconds."""

POLL_SECONDS = 0.1
"""How often a waiting client checks that its worker is alive, in seconds."""

DEATH_SECONDS = 5.0
"""How long a worker that closed its connection may take to exit, in seconds. After that it is killed."""

MAX_PADDING = 4096
"""At most this many bytes are added to a worker's environment. They shift the stack, and so the memory layout."""


class WorkerError(Exception):
    """A worker gave no answer. `failure.status` is `timeout`, `crashed` or `oom`."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.reason)


class StartError(Exception):
    """A worker did not start, did not import the frameworks, or speaks another protocol. The text has the reason."""


@dataclass(frozen=True)
class Side:
    """Where a worker comes from: a checkout, and the interpreter that runs it.

    `arguments` tell it of the user's files, and `references` is the folder where it finds right answers.
    """

    path: Path = ROOT
    python: str = sys.executable
    arguments: tuple[str, ...] = ()
    references: Path | None = None


HERE = Side()
"""This checkout and this interpreter."""


class Worker:
    """A worker process. As a context manager, it is killed at the end.

    It runs in a session of its own, so Ctrl-C reaches only this process. However this process ends, the worker and
    everything that the worker has started are then killed (`bench.process.guard`).
    """

    def __init__(
        self,
        side: Side,
        threads: int | None,
        allocator: str,
        cpus: list[int] | None = None,
        precision: str = PRECISIONS[0],
    ) -> None:
        # The default is not named: the workers of older checkouts do not know the option.
        rounded = [] if precision == PRECISIONS[0] else ["--precision", precision]
        pinned = [] if threads is None else ["--threads", str(threads)]
        kept = [] if side.references is None else ["--references", str(side.references)]
        command = [
            side.python,
            "-m",
            "bench.worker",
            "--allocator",
            allocator,
            *pinned,
            *rounded,
            *kept,
            *side.arguments,
        ]
        self._ooms = _oom_kills()
        self._side = side
        self._mark = f"{guarded.OWN_MARK}/{uuid.uuid4().hex}"
        guarding = guarded.guard()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (the user's own interpreter)
                command,
                cwd=side.path,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # killed as a group: torch's compiler starts processes of its own
            )
        except OSError as error:
            raise StartError(f"{side.python} in {side.path}: {error.strerror}") from error
        guarded.tell(guarding, self._process.pid)
        self._received = b""
        self.ended = False
        with _alive_lock:
            _alive.add(self)
        if cpus:
            self.pin(cpus)
        self.environment = self._hello()

    def _environment(self) -> dict[str, str]:
        """Return the worker's environment: this process's, with the checkout first in PYTHONPATH."""
        paths = [str(self._side.path), *filter(None, [os.environ.get("PYTHONPATH")])]
        padding = "." * random.randrange(MAX_PADDING)  # noqa: S311 (not a secret)
        return os.environ | {MARK: self._mark, "DESCENT_BENCH_PADDING": padding, "PYTHONPATH": os.pathsep.join(paths)}

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
        """Send a request and return its answer. Raise `WorkerError` if the worker dies or exceeds the timeout."""
        self.send(what, **fields)
        return self.answer(timeout)

    def send(self, what: str, **fields: Any) -> None:
        """Send a request. Its answer is read later, with `answer`."""
        with contextlib.suppress(BrokenPipeError, ValueError):  # the worker died, and `answer` will say so
            _opened(self._process.stdin).write(encode({"do": what} | fields))
            _opened(self._process.stdin).flush()

    def answer(self, timeout: float) -> Message:
        """Return the next answer. Raise `WorkerError` if the worker dies or takes more than `timeout` seconds."""
        if self.ended:
            raise WorkerError(Failure("crashed", "the process has ended"))
        end = clock.now() + timeout
        while b"\n" not in self._received:
            self._receive(timeout, end)
        line, _, self._received = self._received.partition(b"\n")
        try:
            return decode(line)
        except (ValueError, TypeError) as error:
            self.kill()
            raise WorkerError(
                Failure("crashed", "the worker wrote something other than an answer to its channel")
            ) from error

    def _receive(self, timeout: float, end: float) -> None:
        """Wait at most `POLL_SECONDS` for a part of an answer. Raise `WorkerError` if the worker died or time is up."""
        output = _opened(self._process.stdout)
        ready, _, _ = system.select([output], [], [], max(0.0, min(end - clock.now(), POLL_SECONDS)))
        piece = os.read(output.fileno(), 1 << 16) if ready else b""
        self._received += piece
        if piece:
            return
        # End of output is not enough: a child that the worker forked can keep the pipe open after the worker died.
        if ready or self._process.poll() is not None:
            raise WorkerError(self._death())
        if clock.now() >= end:
            self.kill()
            raise WorkerError(Failure("timeout", f"no answer within {timeout:g} s"))

    def pin(self, cpus: list[int]) -> None:
        """Pin every thread of the worker to these CPUs, if the system supports it."""
        if not hasattr(os, "sched_setaffinity"):
            return
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # the thread has ended in the meantime
                os.sched_setaffinity(int(task.name), cpus)

    def stop(self) -> None:
        """Pause the worker's process group, so that its thread pools do not spin. `resume` continues it."""
        if not self.ended:  # the system may have given the number of an ended process to another one
            self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue a paused worker."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the worker, and every process that it has started."""
        if self.ended:
            return
        self.ended = True
        with _alive_lock:
            _alive.discard(self)
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a driver may hold even a killed process
            self._process.wait(DEATH_SECONDS)
        guard.kill_marked(self._mark.encode())
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _opened(stream).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _death(self) -> Failure:
        """Return how the worker ended. If it closed its connection but does not exit, kill it."""
        try:
            code = self._process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return Failure("crashed", "the process closed its connection, and was killed")
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
        raise StartError(f"a worker could not import the frameworks ({error}); see the lines above") from error
    if "error" in answer:
        raise ValueError(answer["error"])
    return [vars(Case(**case)) for case in answer["cases"]]  # an older checkout leaves out what it does not know


def kill_all() -> None:
    """Kill every worker of this process. A thread that waits for an answer gets a `WorkerError`.

    Ctrl-C may come while a worker is being started, before it is known: such a worker is found by its mark.
    """
    with _alive_lock:
        alive = list(_alive)
    for worker in alive:
        worker.kill()
    guard.kill_marked(f"{guarded.OWN_MARK}/".encode())


_alive: weakref.WeakSet[Worker] = weakref.WeakSet()
"""The workers that were started and not yet killed."""

_alive_lock = threading.Lock()
"""Held while `_alive` is read or changed: the lanes of a duel start and kill workers at the same time."""


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the process was started without this pipe")
    return stream


def _oom_kills() -> int:
    """Return how many processes the system has killed so far because memory ran out; 0 if it does not count them."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
