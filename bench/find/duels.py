"""Duels between two candidates of a search: whole ones, and process pairs of a few cases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from bench.duel.duel import FILES, Contest, Plan, duel
from bench.duel.sides import Sides, cases_on, in_common, refereed
from bench.duel.stage import Stage
from bench.find.candidates import Candidates, UnusableError
from bench.find.memory import Logs, Memory
from bench.process.client import Side, StartError
from bench.process.pool import Pool
from bench.process.protocol import CaseFields
from report.compare.comparison import Comparison
from report.statistics.duel_rules import never
from report.table.keys import CASE
from report.write import comparison_files


@dataclass
class Duels:
    """Runs the duels of a search, and keeps what they measured in its folder and in its memory.

    `selection` names the cases, as the options do.
    """

    candidates: Candidates
    selection: dict[str, str | None]
    plan: Plan
    folder: Path
    memory: Memory
    bar: Progress
    resources: ExitStack
    _sides: dict[str, tuple[Side, list[CaseFields]]] = field(default_factory=dict)

    def whole(self, base: str, head: str) -> Comparison:
        """Return the duel of all cases, from its subfolder if it was fought before.

        Raise `UnusableError` if head does not start.
        """
        folder = self.folder / f"{base}-{head}"
        if (folder / FILES["json"]).exists():
            return comparison_files.read(folder)
        contest = self.contest(base, head)
        return duel(contest, self.plan, folder, self.bar).comparison

    def pairs(self, base: str, head: str, keys: set[str] | None, pairs: int) -> Logs:
        """Return the log ratios of so many process pairs of the cases with these keys, or of all common cases.

        What was measured before counts. Raise `UnusableError` if head does not start, or cannot run the cases.
        """
        of = f"{head} against {base}"
        missing = pairs - max(map(len, self.memory.logs(of).values()), default=0)
        if missing > 0:
            sides, cases = self._cases(base, head, keys)
            self._measure(of, Stage(sides, self.plan.effort_of(cases), cases, missing, never))
        return self.memory.logs(of)

    def fresh(self, base: str, head: str, keys: set[str]) -> Logs:
        """Return the log ratios of the cases with these keys in a second stage of a duel. Raise as `pairs` does."""
        of = f"{head} against {base}, fresh pairs"
        if not self.memory.logs(of):
            self._measure(of, self.plan.second(*self._cases(base, head, keys)))
        return self.memory.logs(of)

    def _cases(self, base: str, head: str, keys: set[str] | None) -> tuple[Sides, dict[int, CaseFields]]:
        contest = self.contest(base, head)
        common = contest.cases.common
        cases = {number: case for number, case in common.items() if keys is None or case_key(case) in keys}
        if keys is not None and len(cases) < len(keys):
            raise UnusableError("it does not have the case")
        return contest.sides, cases

    def _measure(self, of: str, stage: Stage) -> None:
        """Run the stage and remember what it measured. Raise `UnusableError` if a case failed."""
        task = self.bar.add_task(of, total=stage.pairs * len(stage.cases))
        stage.run(lambda: self.bar.advance(task))
        self.bar.remove_task(task)
        if stage.failures:
            side, failure = next(failed for failures in stage.failures.values() for failed in failures.items())
            raise UnusableError(f"{side}: {failure.status}: {failure.reason}")
        self.memory.add(of, {case_key(case): stage.log_ratios(number) for number, case in stage.cases.items()})

    def contest(self, base: str, head: str) -> Contest:
        """Return base and head as the sides of a duel. Raise `UnusableError` if head cannot be one."""
        of_base, base_cases = self._side(base)
        try:
            of_head, head_cases = self._side(head)
            cases = in_common(base_cases, head_cases)
            sides = Sides(of_base, of_head)
            if self.candidates.files(head).problems:
                start = partial(Pool, 1, "default", self.plan.effort.timeout, self.plan.effort.products)
                sides = refereed(sides, list(cases.common.values()), start, self.resources)
        except (StartError, ValueError) as error:
            raise UnusableError(str(error).removeprefix(f"{head}: ")) from error
        return Contest(sides, cases, (self.candidates.describe(base), self.candidates.describe(head)))

    def _side(self, name: str) -> tuple[Side, list[CaseFields]]:
        if name not in self._sides:
            side = self.candidates.side(name)
            self._sides[name] = side, cases_on(name, side, self.selection)
        return self._sides[name]


def case_key(case: Mapping[str, Any]) -> str:
    """Return the columns that name a case as one text."""
    return json.dumps([case[name] for name in CASE], default=int)  # pandas has whole numbers of its own


def case_of(key: str) -> CaseFields:
    """Return the columns that name a case. The inverse of `case_key`."""
    return dict(zip(CASE, json.loads(key), strict=True))
