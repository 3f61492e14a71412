"""What a worker does when it is asked: select cases, measure one whole, or time single rounds of a prepared one."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from typing import Any

from backends import Case, Found, load
from bench.case import prepare, rounds
from bench.case.prepare import Prepared
from bench.case.rounds import Budget
from bench.race import Race
from bench.selection import SelectionError, select
from problems import find

Answer = dict[str, Any]

CHEAP_SECONDS = 0.01
"""A case that took longer to compile is not built anew to move its arrays."""

SPACE = 1 << 16


class Servant:
    """The state of a worker: the backends it has found so far, and the case it has prepared."""

    def __init__(self, allocator: str) -> None:
        self._allocator = allocator
        self._found = Found()
        self._prepared: Prepared | None = None
        self._spacer = b""

    def select(self, options: dict[str, str | None]) -> Answer:
        """Answer with the cases that the options name, or with the line that says why they cannot be met."""
        try:
            selection = select(options)
        except SelectionError as error:
            return {"error": str(error)}
        return {"cases": [vars(case) for case in selection.cases]}

    def measure(self, case: dict[str, Any], budget: dict[str, Any], run: str, launch: int) -> Answer:
        """Answer with the row of the case, measured as in the race."""
        one = Case(**case)
        self._load(one)
        race = Race(self._found, Budget(**budget), run_name=run, launch=launch, allocator=self._allocator)
        return {"row": race.run(one, _timed)}

    def prepare(self, case: dict[str, Any]) -> Answer:
        """Compile and check the case and keep it for rounds; answer with `status`, and `reason` where it is not ok."""
        one = Case(**case)
        self._load(one)
        self._prepared = None
        gc.enable()
        if one.backend in self._found.missing:
            return {"status": "unavailable", "reason": self._found.missing[one.backend]}
        backend, problem = self._found.backends[one.backend], find(one.problem, one.sizes)
        if refusal := prepare.refusal(one, backend, problem):
            return dict(zip(("status", "reason"), refusal, strict=True))
        try:
            self._prepared = prepare.prepare(one, backend, problem)
        except Exception as error:  # noqa: BLE001 (whatever a backend raises is the case's reason)
            return prepare.failure(error)
        gc.collect()
        gc.disable()
        return {"status": "ok", "version": backend.version()}

    def calibrate(self, seconds: float) -> Answer:
        """Answer with how many calls of the prepared case take at least `seconds`."""
        return {"iterations": rounds.calibrate(self._ready().call, seconds)[0]}

    def move(self) -> Answer:
        """Put the prepared case's arrays elsewhere in memory, where that takes no compiling; answer whether it did."""
        prepared = self._ready()
        if prepared.compile_seconds > CHEAP_SECONDS:
            return {"moved": False}
        # Of random size, and held: what is allocated behind it lies at another distance from a page's begin.
        self._spacer = bytes(random.randrange(SPACE))  # noqa: S311 (not a secret)
        self._prepared = prepare.moved(prepared)
        self._prepared.call()
        return {"moved": True}

    def round(self, iterations: int) -> Answer:
        """Answer with the seconds that one round of so many calls took."""
        return {"seconds": rounds.round_seconds(self._ready().call, iterations)}

    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise RuntimeError("no case is prepared")
        return self._prepared

    def _load(self, case: Case) -> None:
        """Import the case's framework, unless that was tried before."""
        framework = case.backend.partition("-")[0]
        if case.backend in self._found.backends or framework in self._found.missing:
            return
        found = load((framework,))
        self._found.backends.update(found.backends)
        self._found.missing.update(found.missing)


def _timed(call: Callable[[], object], planned: rounds.Rounds) -> list[float]:
    """Time the rounds as pytest-benchmark does, the pairs after each."""
    seconds = []
    for _ in range(planned.rounds):
        seconds.append(rounds.round_seconds(call, planned.iterations) / planned.iterations)
        planned.after()
    return seconds
