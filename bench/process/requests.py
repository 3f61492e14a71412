"""What a worker answers: it selects cases, measures a case, or times single rounds of a prepared case."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from backends import Case, Found
from bench import inventory
from bench.case import prepare, referee, rounds, startup
from bench.case.causes.gather import gather
from bench.case.check.derived import by_framework
from bench.case.check.reference import arguments
from bench.case.failure import Failure, failure_of
from bench.case.measure import Exceptions, Measurement
from bench.case.prepare import Prepared
from bench.case.rounds import Budget
from bench.case.row import Launch
from bench.process.protocol import CaseFields, Message
from bench.selection import SelectionError, select
from problems import ProblemError, find
from report.table.keys import framework


class Requests:
    """Answers the requests of `bench.process.protocol`, one method each.

    It remembers the backends that were imported so far, the case that was begun, and the case that was prepared last.
    `caught` are the exceptions of a backend that are the reason of its case. In a worker they are all: nobody presses
    Ctrl-C there.
    """

    def __init__(self, allocator: str, caught: Exceptions = (BaseException,)) -> None:
        self._allocator = allocator
        self._caught = caught
        self._found = Found()
        self._measurement: Measurement | None = None
        self._prepared: Prepared | None = None

    def answer(self, request: Message) -> Message:
        """Return the answer to a request."""
        methods: Mapping[str, Callable[..., Message]] = {
            "select": self.select,
            "describe": self.describe,
            "problems": self.problems,
            "value": self.value,
            "keep": self.keep,
            "begin": self.begin,
            "time": self.time,
            "finish": self.finish,
            "prepare": self.prepare,
            "calibrate": self.calibrate,
            "round": self.round,
            "move": self.move,
            "explain": self.explain,
        }
        return methods[request["do"]](**{name: value for name, value in request.items() if name != "do"})

    def select(self, options: dict[str, str | None]) -> Message:
        """Answer with the cases that the options select, or with the error of a wrong option."""
        try:
            selection = select(options)
        except SelectionError as error:
            return {"error": str(error)}
        return {"cases": [vars(case) for case in selection.cases]}

    def describe(self, framework: str) -> Message:
        """Answer with the backends of the framework, or why it is missing: whatever its import raises is a reason."""
        try:
            found = startup.imported(framework)
        except self._caught as error:
            found = Found(missing={framework: f"{framework} cannot be imported: {type(error).__name__}: {error}"})
        self._add(found)
        return inventory.of(found).as_message()

    def problems(self) -> Message:
        """Answer with the problems in files of the user, or with the error of the first file that has none."""
        try:
            return {"problems": [asdict(objective) for objective in inventory.brought().values()]}
        except ProblemError as error:
            return {"error": str(error)}

    def value(self, case: CaseFields) -> Message:
        """Answer with the loss at the start; or with a status and a reason, if it cannot be computed."""
        chosen = self._load(case)
        try:
            found = by_framework(find(chosen.problem, chosen.sizes), self._found.backends, framework(chosen.backend))
            return {"value": float(found.numpy_loss(*arguments(chosen, found)))}
        except self._caught as error:
            return failure_of(error, chosen)._asdict()

    def keep(self, case: CaseFields, framework: str) -> Message:
        """Keep the right answers of the case, and answer with what is known of them; or with a status and a reason.

        They are those of the framework; if it is empty, those that were derived by hand.
        """
        chosen = self._load(case)
        try:
            problem = find(chosen.problem, chosen.sizes)
            if framework:
                problem = by_framework(problem, self._found.backends, framework)
            return referee.keep_answers(chosen, problem)._asdict()
        except self._caught as error:
            return failure_of(error, chosen)._asdict()

    def begin(
        self, case: CaseFields, budget: dict[str, Any] | None, run: str, launch: int, reference: str = ""
    ) -> Message:
        """Prepare and check the case, and answer with the rounds to time; or with its row, if there are none."""
        chosen = self._load(case)
        gc.enable()
        self._measurement = Measurement(
            chosen, self._found, Launch(run, launch, self._allocator), self._caught, reference
        )
        planned = self._measurement.begin(None if budget is None else Budget(**budget))
        if planned is None:
            return self.finish()
        return {"rounds": planned.rounds, "iterations": planned.iterations}

    def time(self) -> Message:
        """Time one round of the case that was begun, and answer with what it took; or with the row, if it failed."""
        measured = self._begun().round()
        return self.finish() if measured is None else measured._asdict()

    def finish(self) -> Message:
        """Answer with the row of the case that was begun."""
        measurement, self._measurement = self._begun(), None
        row = measurement.finish()
        return {"row": row} | ({"trace": measurement.trace._asdict()} if measurement.trace.whole else {})

    def prepare(self, case: CaseFields) -> Message:
        """Prepare and check the case and keep it, without garbage collection from then on; answer with its status."""
        chosen = self._load(case)
        self._prepared = None
        gc.enable()
        ready = self._try(chosen)
        if isinstance(ready, Failure):
            return ready._asdict()
        self._prepared = ready
        gc.collect()
        gc.disable()
        return {"status": "ok", "version": ready.backend.version()}

    def calibrate(self, seconds: float) -> Message:
        """Answer with how many calls of the prepared case take at least `seconds`."""
        return {"iterations": rounds.calibrate(self._ready().call, seconds)[0]}

    def round(self, iterations: int) -> Message:
        """Answer with how long one round of so many calls took."""
        return {"seconds": rounds.round_seconds(self._ready().call, iterations)}

    def move(self) -> Message:
        """Move the arrays of the prepared case elsewhere in memory."""
        self._prepared = prepare.relocate(self._ready())
        self._prepared.call()
        return {"moved": True}

    def explain(self, case: CaseFields) -> Message:
        """Answer with the evidence about the case, after preparing it; or with a status and a reason, if it fails."""
        chosen = self._load(case)
        gc.enable()
        if refused := prepare.find_refusal(chosen, self._found):
            return refused._asdict()
        try:
            found = gather(chosen, self._found.backends[chosen.backend], find(chosen.problem, chosen.sizes))
        except self._caught as error:
            return failure_of(error, chosen)._asdict()
        return {"status": "ok"} | found

    def _try(self, case: Case) -> Prepared | Failure:
        if refused := prepare.find_refusal(case, self._found):
            return refused
        try:
            return prepare.prepare(case, self._found.backends[case.backend], find(case.problem, case.sizes))
        except self._caught as error:
            return failure_of(error, case)

    def _begun(self) -> Measurement:
        if self._measurement is None:
            raise RuntimeError("no case was begun")
        return self._measurement

    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise RuntimeError("no case is prepared")
        return self._prepared

    def _load(self, fields: CaseFields) -> Case:
        """Return the case, after importing its framework if no request needed it before."""
        case = Case(**fields)
        name = framework(case.backend)
        if case.backend not in self._found.backends and name not in self._found.missing:
            self.describe(name)
        return case

    def _add(self, found: Found) -> None:
        self._found.backends.update(found.backends)
        self._found.missing.update(found.missing)
