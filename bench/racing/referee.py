"""Who is right, where nobody derived the gradient by hand: asked before the first case of each problem.

First the losses: in float64, at the start, those of all frameworks must agree. Where two differ, nobody gets a time
until the user says which is right. Then one framework's reverse mode is the reference. Its process checks that gradient
against its own loss, and keeps the right answers, which all other processes read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from backends import Case
from bench.case.failure import Failure
from bench.inventory import Inventory, Objective
from bench.options import TIMEOUT_SECONDS
from bench.process.client import StartError, WorkerError
from bench.process.pool import Peer
from bench.process.protocol import Message
from report.table.keys import CONTROL, framework

MAX_DIFFERENCE = 1e-8
"""How far two losses may differ in float64, relative to the larger one: half of its digits."""

MAX_NAMED = 400
"""How many characters of the reason of another failure are repeated."""


class Peers(Protocol):
    """What measures the cases: the workers of `bench.process.pool`, or this process."""

    def peer(self, case: Case) -> Peer:
        """Return the peer that measures the case."""

    @property
    def environment(self) -> dict[str, Any]:
        """The columns that are the same in every row."""


class Losses(NamedTuple):
    """The loss at the start in float64, by framework, in the problem's order; and the reason where there is none."""

    values: dict[str, float]
    failures: dict[str, str]


@dataclass
class Referee:
    """Answers, for each case, what its reference is. `timeout` is in seconds, for one question to one framework."""

    peers: Peers
    inventory: Inventory
    objectives: Mapping[str, Objective]
    timeout: float = TIMEOUT_SECONDS
    _losses: dict[object, Losses] = field(default_factory=dict)
    _kept: dict[Case, Message] = field(default_factory=dict)

    def reference(self, case: Case) -> str | Failure:
        """Return the framework whose gradient is the reference of the case; empty if it is derived by hand.

        Return the failure of the case if its losses disagree, or if there is no reference.
        """
        if not self.objectives[case.problem].has_loss(framework(case.backend)):
            return ""
        chosen = self.chosen(case)
        if isinstance(chosen, Failure) or not chosen:
            return chosen
        answer = self.kept(case, chosen)
        return Failure(answer["status"], answer["reason"]) if "status" in answer else chosen

    def chosen(self, case: Case) -> str | Failure:
        """Return the framework that is the reference of the case's problem, whether or not the case has a loss.

        It is empty if the gradient is derived by hand. Return a failure if the losses disagree, or if there is none.
        """
        objective = self.objectives[case.problem]
        return "" if objective.is_derived else self._choose(case, objective)

    def kept(self, case: Case, name: str) -> Message:
        """Have the framework keep the answers of the case, once, and return its answer to `keep`.

        Without a framework, NumPy's process keeps those that were derived by hand.
        """
        bare = replace(case, backend=self._asked(name) if name else CONTROL, device="cpu")
        if bare not in self._kept:
            self._kept[bare] = self._keep(bare, name)
        return self._kept[bare]

    def losses(self, case: Case) -> Losses:
        """Return the losses of all frameworks at the start of the case. Each framework is asked once."""
        key = (case.problem, case.sizes, case.batch_size)
        if key not in self._losses:
            self._losses[key] = self._values(case, self.objectives[case.problem])
        return self._losses[key]

    def _asked(self, name: str) -> str:
        """Return the backend that is asked about a framework: its first that has a value."""
        found = (backend for backend in self.inventory.backends.values() if framework(backend.name) == name)
        return next((each.name for each in found if "value" in each.operators and not each.problems), "")

    def _choose(self, case: Case, objective: Objective) -> str | Failure:
        values, failures = self.losses(case)
        able = [name for name in values if name != CONTROL]
        if objective.reference:
            if objective.reference in able:
                return objective.reference
            reason = failures.get(objective.reference, f"{objective.reference} is not raced, or not here")
            return Failure("unavailable", f"no reference: {reason}"[:MAX_NAMED])
        if not able:
            why = next(iter(failures.values()), "no framework that has the loss is raced; add one to --backend")
            return Failure("error" if failures else "unavailable", f"no reference: {why}"[:MAX_NAMED])
        return _disagreement(values) or able[0]

    def _values(self, case: Case, objective: Objective) -> Losses:
        present = list(dict.fromkeys(framework(name) for name in self.inventory.backends))
        names = [name for name in objective.frameworks if name in present]
        names += [name for name in present if objective.is_common and name not in names]
        values: dict[str, float] = {}
        failures: dict[str, str] = {}
        for name in filter(self._asked, names):
            asked = replace(case, operator="value", backend=self._asked(name), dtype="float64", device="cpu", steps=1)
            try:
                answer = self.peers.peer(asked).ask("value", self.timeout, case=vars(asked))
            except (WorkerError, StartError) as error:
                answer = {"reason": str(error)}
            if "value" in answer:
                values[name] = float(answer["value"])
            else:
                failures[name] = answer["reason"]
        return Losses(values, failures)

    def _keep(self, case: Case, name: str) -> Message:
        try:
            answer = self.peers.peer(case).ask("keep", self.timeout, case=vars(case), framework=name)
        except (WorkerError, StartError) as error:
            answer = {"status": "error", "reason": str(error)}
        if name and "status" in answer:
            answer["reason"] = f"no reference by {name}: {answer['reason']}"
        return answer


def _disagreement(values: Mapping[str, float]) -> Failure | None:
    """Return the failure of all cases if a loss is no number, or two differ: who, by how much, and what to do."""
    if unusable := [name for name, value in values.items() if not math.isfinite(value)]:
        return Failure(
            "wrong",
            f"the loss at the start, in float64, is {values[unusable[0]]} in {', '.join(unusable)}: nobody gets a time",
        )
    (first, value), *others = values.items()
    for name, other in others:
        if not (difference := relative_difference(value, other)) <= MAX_DIFFERENCE:
            return Failure(
                "wrong",
                f"the losses differ at the start, in float64: {first} {value:.10g}, {name} {other:.10g}, by "
                f"{difference:.2g}; nobody gets a time until the problem says which is right, by reference='{first}' "
                f"or reference='{name}'",
            )
    return None


def relative_difference(first: float, other: float) -> float:
    """Return how far the two losses differ, relative to the larger one."""
    size = max(abs(first), abs(other))
    return abs(other - first) / (size or 1.0)
