"""A duel as a function: both stages, their samples, and the comparison. The command and `bench find` call it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.progress import Progress

from bench.duel import samples, verdicts
from bench.duel.pair import Effort
from bench.duel.sides import Cases, Sides
from bench.duel.stage import Stage
from bench.process.protocol import CaseFields
from report.compare.comparison import Comparison, Gate
from report.statistics.duel_rules import (
    FRESH_PRECISION,
    MIN_PAIRS,
    Rules,
    min_pairs,
    never,
)
from report.write import comparison_files, output

FILES = {"csv": "verdicts.csv", "json": "verdicts.json", "markdown": "verdicts.md"}
"""The files of the verdicts, by format."""


@dataclass(frozen=True)
class Plan:
    """How a duel measures and judges: the effort of the first stage, the rules, the pairs of both stages, and the gate.

    `fresh_seconds` is the most time for the rounds of a case in a pair of the second stage.
    With `all_pairs` no case is cleared early in the first stage, so that all cases have the same number of pairs.
    """

    effort: Effort
    rules: Rules
    pairs: int
    fresh_pairs: int
    fresh_seconds: float
    gate: Gate = field(default_factory=Gate)
    all_pairs: bool = False

    def first(self, sides: Sides, cases: dict[int, CaseFields]) -> Stage:
        """Return the first stage, of all cases."""
        clears = never if self.all_pairs else self.rules.clearing(self.pairs)
        return Stage(sides, self.effort_of(cases), cases, self.pairs, clears)

    def second(self, sides: Sides, suspects: dict[int, CaseFields]) -> Stage:
        """Return the second stage, of the suspects."""
        effort = replace(self.effort_of(suspects), seconds=self.fresh_seconds, precision=FRESH_PRECISION)
        pairs = max(self.fresh_pairs, MIN_PAIRS, min_pairs(len(suspects), self.rules.confidence))
        return Stage(sides, effort, suspects, pairs, self.rules.clearing(pairs))

    def effort_of(self, cases: dict[int, CaseFields]) -> Effort:
        """Return the effort of a pair on the devices of these cases.

        Two pairs on one device would not alternate on it. The second CPU is for torch's thread that goes backward: the
        main thread waits for the device in a loop.
        """
        on_device = any(case["device"] != "cpu" for case in cases.values())
        return replace(self.effort, lanes=1, cpus=2) if on_device else self.effort


@dataclass(frozen=True)
class Contest:
    """Who duels: the sides, their cases, and what describes base and head."""

    sides: Sides
    cases: Cases
    names: tuple[str, str]


@dataclass(frozen=True)
class Duel:
    """A duel that was fought: its two stages, and what they say."""

    first: Stage
    second: Stage
    comparison: Comparison


def refuse_foreign(folder: Path) -> None:
    """Raise `ReportError` if the folder has a file of ours by name that is not ours by its content."""
    output.refuse_foreign(folder / samples.NAME, begins=",".join(samples.COLUMNS))
    for form, name in FILES.items():
        output.refuse_foreign(folder / name, begins=_begins(form))
    output.refuse_foreign(folder / comparison_files.EXPLANATION, begins=comparison_files.EXPLANATION_BEGINS)


def duel(contest: Contest, plan: Plan, folder: Path, bar: Progress) -> Duel:
    """Run both stages, write samples and verdicts to the folder, and return the duel."""
    folder.mkdir(parents=True, exist_ok=True)
    sides, cases = contest.sides, contest.cases
    first = plan.first(sides, cases.common)
    _run(1, first, folder, bar)
    second = plan.second(sides, verdicts.suspects(first, plan.rules))
    _run(2, second, folder, bar)
    rows = [*verdicts.judged(first, second, plan.rules), *verdicts.unmatched(cases)]
    result = verdicts.comparison_of(rows, contest.names, plan.rules, plan.gate)
    write(folder, result)
    return Duel(first, second, result)


def write(folder: Path, comparison: Comparison) -> list[str]:
    """Write the verdicts to the folder, and the evidence if there is any. Return the names of the files."""
    for form, name in FILES.items():
        output.write_text(folder / name, comparison_files.write(comparison, form, width=0), begins=_begins(form))
    evidence = folder / comparison_files.EXPLANATION
    if comparison.explanations is None:
        evidence.unlink(missing_ok=True)  # it is of an earlier duel, whose verdicts were overwritten too
        return list(FILES.values())
    text = comparison_files.explanation_as_json(comparison)
    output.write_text(evidence, text, begins=comparison_files.EXPLANATION_BEGINS)
    return [*FILES.values(), evidence.name]


def _run(number: int, stage: Stage, folder: Path, bar: Progress) -> None:
    """Run a stage, and write its samples even if it is stopped."""
    if not stage.cases:
        return
    what = "process pairs" if number == 1 else f"fresh pairs for {len(stage.cases)} suspects"
    task = bar.add_task(what, total=stage.pairs * len(stage.cases))
    try:
        stage.run(lambda: bar.advance(task))
    finally:
        samples.write(folder / samples.NAME, number, stage)
    bar.update(task, completed=stage.pairs * len(stage.cases))


def _begins(form: str) -> str:
    return comparison_files.BEGINNINGS.get(form, "")
