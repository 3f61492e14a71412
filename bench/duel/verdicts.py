"""Turns the two stages of a duel into its comparison, by the rules of `report.statistics.duel_rules`."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bench.duel.pair import Failures
from bench.duel.sides import Cases
from bench.duel.stage import Stage
from bench.process.protocol import CaseFields
from report.compare import comparison
from report.compare.comparison import Comparison, Gate
from report.compare.findings import DuelControlMoved, Inconclusive, Note, Reason, Remeasured, SidesFailed
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict
from report.table.keys import BROKEN, CASE, CONTROL

Row = dict[str, Any]
"""The columns of one case in the comparison."""


def suspects(first: Stage, rules: Rules) -> dict[int, CaseFields]:
    """Return the cases that the first stage did not clear, and whose estimate is near the threshold or beyond it."""
    return {
        number: case
        for number, case in first.cases.items()
        if (logs := first.log_ratios(number)) and rules.suspect(logs)
    }


def judged(first: Stage, second: Stage, rules: Rules) -> Iterator[Row]:
    """Yield the row of each case. The verdict of a suspect is that of its fresh pairs."""
    for number, case in first.cases.items():
        failures = first.failures.get(number) or second.failures.get(number)
        measured = bool(first.rounds[number])
        row = _failed(failures, measured=measured) if failures else _timed(first, second, number, rules)
        yield _named(case) | row


def unmatched(cases: Cases) -> Iterator[Row]:
    """Yield the rows of the cases that only one side has."""
    for only_there, found in ((cases.missing, Verdict.MISSING), (cases.new, Verdict.NEW)):
        for case in only_there:
            yield _named(case) | _untimed(found, "")


def comparison_of(rows: list[Row], names: tuple[str, str], rules: Rules, gate: Gate) -> Comparison:
    """Return the comparison with these rows. `names` describe base and head."""
    frame = comparison.worst_first(pd.DataFrame(rows, columns=[*CASE, *comparison.COMPARISON_COLUMNS]))
    notes = list(_notes(frame))
    return Comparison(frame, *names, rules.threshold, rules.confidence, notes, gate=gate)


def _named(case: CaseFields) -> Row:
    return {name: case[name] for name in CASE}


def _timed(first: Stage, second: Stage, number: int, rules: Rules) -> Row:
    suspect = number in second.cases
    stage = second if suspect else first
    logs, rounds = stage.log_ratios(number), stage.rounds[number]
    alone, together = rules.alone(logs), rules.change(logs, len(stage.cases))
    at_first = rules.alone(first.log_ratios(number)).center
    return {
        "measure": "paired rounds",
        "base_seconds": statistics.median(sample.base_seconds for sample in rounds),
        "head_seconds": statistics.median(sample.head_seconds for sample in rounds),
        "base_replicates": len(logs),
        "head_replicates": len(logs),
        "ratio": alone.center,
        "low": alone.low,
        "high": alone.high,
        "all_low": together.low,
        "all_high": together.high,
        "verdict": rules.judge(logs, len(stage.cases)),
        "reason": Remeasured(at_first, len(logs)) if suspect else "",
    }


def _failed(failures: Failures, *, measured: bool) -> Row:
    """Return the row of a case that one side or both could not run."""
    reason = SidesFailed(tuple((side, *failure) for side, failure in failures.items()))
    broken = {side for side, failure in failures.items() if failure.status in BROKEN}
    if set(failures) == {"head"} or broken == {"head"}:
        return _untimed(Verdict.FAILED, reason)
    if set(failures) == {"base"}:
        return _untimed(Verdict.INCONCLUSIVE if measured else Verdict.NEW, reason)
    return _untimed(Verdict.UNTIMED, reason)


def _untimed(found: Verdict, reason: Reason) -> Row:
    return {"measure": "", "base_replicates": 0, "head_replicates": 0, "verdict": found, "reason": reason}


def _notes(frame: pd.DataFrame) -> Iterator[Note]:
    moved = (frame["backend"] == CONTROL) & frame["verdict"].isin([Verdict.REGRESSED, Verdict.IMPROVED])
    if moved.any():
        yield DuelControlMoved()
    count = int((frame["verdict"] == Verdict.INCONCLUSIVE).sum())
    if count:
        yield Inconclusive(count, pairs=True)
