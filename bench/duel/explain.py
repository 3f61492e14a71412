"""Gathers the evidence about the cases that changed, in fresh processes, after all timing is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.progress import Progress

from bench import machine
from bench.duel.pair import Effort
from bench.duel.sides import Sides
from bench.duel.stage import Stage, lanes_of
from bench.process.client import Side, StartError, Worker, WorkerError
from bench.process.protocol import CaseFields
from report.compare.comparison import Comparison
from report.compare.explanation import EXPLAINED, TOO_OLD, Explained, Found, NoEvidence, found_in
from report.table.keys import CASE

GATHERING = "bench/case/causes"
"""The folder that a checkout has if its workers can explain a case. Older workers end at a request unknown to them."""


def explained(comparison: Comparison, stage: Stage, bar: Progress) -> Comparison:
    """Return the comparison with the evidence about its cases that changed, gathered on the CPUs of a pair."""
    cases, lane = chosen(comparison, stage.cases), lanes_of(machine.cpus(), stage.effort)[0]
    task = bar.add_task(f"evidence about {len(cases)} changed cases", total=2 * len(cases))
    found = explain(stage.sides, cases, lane, stage.effort, lambda: bar.advance(task))
    return replace(comparison, explanations=found)


def chosen(comparison: Comparison, cases: dict[int, CaseFields]) -> list[CaseFields]:
    """Return the cases to explain, worst first."""
    by_key = {tuple(case[name] for name in CASE): case for case in cases.values()}
    rows = comparison.rows[comparison.rows["verdict"].isin(EXPLAINED)]
    return [by_key[key] for key in rows[[*CASE]].itertuples(index=False, name=None)]


def explain(
    sides: Sides, cases: list[CaseFields], cpus: list[int], effort: Effort, tick: Callable[[], object] = lambda: None
) -> tuple[Explained, ...]:
    """Return the evidence about each case. One process runs at a time, on the CPUs of a pair, and asks for one case.

    `tick` is called after each case of each side.
    """

    def found(side: Side, case: CaseFields) -> Found:
        evidence = _found(side, case, cpus, effort)
        tick()
        return evidence

    return tuple(Explained(dict(case), found(sides.base, case), found(sides.head, case)) for case in cases)


def _found(side: Side, case: CaseFields, cpus: list[int], effort: Effort) -> Found:
    """Return what a fresh process of the side says of the case, or why it says nothing."""
    if not (side.path / GATHERING).is_dir():
        return NoEvidence(TOO_OLD, f"it has no {GATHERING}")
    try:
        with Worker(side, len(cpus), "steady", cpus, precision=effort.products) as worker:
            return found_in(worker.ask("explain", effort.timeout, case=case))
    except WorkerError as error:
        return NoEvidence(*error.failure)
    except StartError as error:
        return NoEvidence("crashed", str(error))
