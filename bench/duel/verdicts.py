"""From a duel's stages to the rows of its comparison, by the rules of `report.gate`."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bench.duel.stage import Stage
from bench.launches import Case
from report.compare import comparison
from report.compare.comparison import Comparison
from report.compare.findings import Note
from report.statistics import verdict
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict
from report.table.keys import BROKEN, CASE

Row = dict[str, Any]


def suspects(first: Stage, rules: Rules) -> dict[int, Case]:
    """Return the cases that the first stage leaves under suspicion."""
    return {
        number: case
        for number, case in first.cases.items()
        if (logs := first.logs(number)) and rules.suspect(logs) and not first.cleared(logs)
    }


def judged(first: Stage, second: Stage, rules: Rules) -> Iterator[Row]:
    """Yield the row of each case: its verdict is that of its fresh pairs, where it was suspect."""
    for number, case in first.cases.items():
        failures = first.failures.get(number) or second.failures.get(number)
        measured = bool(first.rounds[number])
        row = _failed(failures, measured=measured) if failures else _timed(first, second, number, rules)
        yield {name: case[name] for name in CASE} | row


def strangers(missing: list[Case], new: list[Case]) -> Iterator[Row]:
    """Yield the rows of cases that only one side knows."""
    for cases, found in ((missing, Verdict.MISSING), (new, Verdict.NEW)):
        for case in cases:
            yield {name: case[name] for name in CASE} | _untimed(found, "")


def comparison_of(rows: list[Row], names: tuple[str, str], rules: Rules, *, allow_missing: bool) -> Comparison:
    """Return the comparison that the rows make."""
    frame = comparison.worst_first(pd.DataFrame(rows, columns=[*CASE, *comparison.COMPARISON_COLUMNS]))
    notes: list[Note] = [*_control(frame), *_doubts(frame)]
    return Comparison(frame, *names, rules.threshold, rules.confidence, notes, allow_missing=allow_missing)


def _timed(first: Stage, second: Stage, number: int, rules: Rules) -> Row:
    again = number in second.cases
    stage = second if again else first
    logs, rounds = stage.logs(number), stage.rounds[number]
    change = rules.change(logs, len(stage.cases))
    at_first = verdict.paired(first.logs(number), rules.confidence).center
    return {
        "measure": "paired rounds",
        "base_seconds": statistics.median(one.base_seconds for one in rounds),
        "head_seconds": statistics.median(one.head_seconds for one in rounds),
        "base_replicates": len(logs),
        "head_replicates": len(logs),
        "ratio": change.center,
        "low": change.low,
        "high": change.high,
        "verdict": verdict.judge(change, rules.threshold),
        "reason": f"suspect at ×{at_first:.3f}; this is what {len(logs)} fresh pairs say" if again else "",
    }


def _failed(failures: dict[str, str], *, measured: bool) -> Row:
    """Return the row of a case that one side, or both, could not run."""
    reason = "; ".join(f"{side}: {why}" for side, why in failures.items())
    base, head = (failures.get(side, "").startswith(BROKEN) for side in ("base", "head"))
    if set(failures) == {"head"} or (head and not base):
        return _untimed(Verdict.FAILED, reason)
    if set(failures) == {"base"}:
        return _untimed(Verdict.INCONCLUSIVE if measured else Verdict.NEW, reason)
    return _untimed(Verdict.UNTIMED, reason)


def _untimed(found: Verdict, reason: str) -> Row:
    return {"measure": "", "base_replicates": 0, "head_replicates": 0, "verdict": found, "reason": reason}


def _control(frame: pd.DataFrame) -> Iterator[str]:
    moved = frame[(frame["backend"] == "numpy") & frame["verdict"].isin([Verdict.REGRESSED, Verdict.IMPROVED])]
    if len(moved):
        yield (
            "the control moved: hand-derived NumPy is not the same on both sides. In a duel that is no drift of the "
            "machine: it is NumPy, the interpreter, or something that all backends share"
        )


def _doubts(frame: pd.DataFrame) -> Iterator[str]:
    wide = int((frame["verdict"] == Verdict.INCONCLUSIVE).sum())
    if wide:
        yield f"{wide} inconclusive: more pairs narrow their intervals (--pairs; of suspects --fresh-pairs)"
