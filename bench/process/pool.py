"""The workers of a race or a launch. Each framework has its own, and shares no thread pool, allocator or cache.

A worker stays alive between its cases, and is replaced when it dies. While one worker measures, all others are paused:
OpenMP and BLAS pools spin for milliseconds after their work, and a result that nobody waited for may still be being
computed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from backends import Case
from backends.precision import use
from bench import inventory, machine
from bench.inventory import Inventory, Objective, from_message, objective_from
from bench.options import PRECISIONS
from bench.own.files import NONE, Files
from bench.process.client import HERE, IMPORT_SECONDS, Side, Worker, WorkerError, kill_all
from bench.process.protocol import Message
from report.table.keys import CONTROL, framework


class Peer(Protocol):
    """What answers the requests of `bench.process.protocol`: a worker, or this process itself."""

    def ask(self, what: str, timeout: float, **fields: Any) -> Message:
        """Return the answer to a request. Raise `WorkerError` if there is none within the timeout."""


class Pool:
    """Workers of one checkout. A worker is started when it is needed, and `close` kills them all.

    `references` is the folder of the right answers, which all workers read. `environment` has the columns whose values
    are the same in every row of these workers.
    """

    def __init__(
        self,
        threads: int | None,
        allocator: str,
        import_timeout: float = IMPORT_SECONDS,
        precision: str = PRECISIONS[0],
        side: Side = HERE,
    ) -> None:
        self._threads, self._allocator, self._precision = threads, allocator, precision
        self._import_timeout = import_timeout
        self._workers: dict[str, Worker] = {}
        self.environment: dict[str, Any] = {}
        self.references = Path(tempfile.mkdtemp(prefix="descent-bench-"))
        self._side = replace(side, references=self.references)

    def objectives(self) -> dict[str, Objective]:
        """Return the problems, by name. A worker imports those in files of the user; this process does not.

        Raise `ValueError` if a file has no problem, or raises, or ends the worker.
        """
        if not self._side.arguments:
            return inventory.objectives()
        try:
            answer = self._running(CONTROL).ask("problems", self._import_timeout)
        except WorkerError as error:
            raise ValueError(f"a file of --problem cannot be imported: {error}") from error
        if "error" in answer:
            raise ValueError(answer["error"])
        return inventory.objectives() | {fields["name"]: objective_from(fields) for fields in answer["problems"]}

    def inventory(self, frameworks: Iterable[str]) -> Inventory:
        """Return the backends of the frameworks. Each framework is imported in its own worker.

        At most as many are imported at the same time as there are CPUs: the imports are clocked.
        """
        found = Inventory()
        names = list(frameworks)
        with ThreadPoolExecutor(self._threads or len(machine.cpus())) as threads:
            try:
                for inventory in threads.map(self._describe, names):
                    found.add(inventory)
            except BaseException:  # Ctrl-C, or a worker that does not start: do not wait for the other imports
                kill_all()
                raise
        for worker in self._workers.values():
            worker.stop()
        return found

    def _describe(self, name: str) -> Inventory:
        worker = self._running(name)
        worker.resume()  # the selection asks again if a name is unknown
        try:
            return from_message(worker.ask("describe", self._import_timeout, framework=name))
        except WorkerError as error:
            return Inventory(missing={name: f"{name} cannot be imported: {error.failure.status}: {error}"})

    def peer(self, case: Case) -> Peer:
        """Return the worker of the case's framework, running. All other workers are paused.

        If the case uses a GPU, the other workers are killed instead: they would hold the GPU's memory.
        """
        name = framework(case.backend)
        for other in [key for key in self._workers if key != name]:
            if case.device == "cpu":
                self._workers[other].stop()
            else:
                self._end(other)
        worker = self._running(name)
        worker.resume()
        return worker

    def end_workers(self) -> None:
        """Kill all workers. The right answers stay."""
        for name in list(self._workers):
            self._end(name)

    def close(self) -> None:
        """Kill all workers, and forget the right answers."""
        self.end_workers()
        shutil.rmtree(self.references, ignore_errors=True)

    def _running(self, name: str) -> Worker:
        """Return the worker of the framework. It is started if there is none, or if it has ended."""
        if name not in self._workers or self._workers[name].ended:
            worker = Worker(self._side, self._threads, self._allocator, precision=self._precision)
            self._workers[name], self.environment = worker, worker.environment
        return self._workers[name]

    def _end(self, name: str) -> None:
        self._workers.pop(name).kill()


class Here:
    """This process in place of workers, for a debugger or a profiler. `caught` is as in `Requests`."""

    def __init__(
        self,
        allocator: str,
        caught: tuple[type[BaseException], ...],
        precision: str = PRECISIONS[0],
        files: Files = NONE,
    ) -> None:
        from bench.case.check.kept import keeping  # noqa: PLC0415 (imports NumPy)
        from bench.process.requests import Requests  # noqa: PLC0415 (likewise)

        use(precision)
        files.add()
        self._resources = ExitStack()
        folder = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="descent-bench-"))
        self._resources.enter_context(keeping(Path(folder)))
        self._requests = Requests(allocator, caught)
        self.environment = machine.environment()

    def inventory(self, frameworks: Iterable[str]) -> Inventory:
        """Return the backends of the frameworks, which are imported in this process."""
        found = Inventory()
        for name in frameworks:
            found.add(from_message(self._requests.describe(name)))
        return found

    def peer(self, case: Case) -> Peer:
        """Return this process."""
        return self

    def ask(self, what: str, timeout: float, **fields: Any) -> Message:
        """Return the answer to a request. `timeout` has no effect: nothing can interrupt this process."""
        return self._requests.answer({"do": what} | fields)

    def objectives(self) -> dict[str, Objective]:
        """Return the problems, by name. Raise `ProblemError` if a file of the user has none, or raises."""
        return inventory.objectives()

    def close(self) -> None:
        """Forget the right answers."""
        self._resources.close()
