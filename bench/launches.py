"""`python -m bench run`: measures every selected case in several fresh processes, into one CSV.

The memory of a process is laid out once, and the layout alone changes a case's time by some percent. One launch cannot
show that; several can. Each launch measures the cases in its own random order. A case that kills its process, or hangs,
gets a row that says so, and a new process measures the rest of the launch.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.case import row
from bench.case.row import Launch, Row
from bench.options import MEMORY, TIMEOUT_SECONDS, whole
from bench.process.client import Side, Worker, WorkerError, select
from bench.process.protocol import CaseFields
from bench.progress import progress
from report import table
from report.pages import saving
from report.table.keys import BROKEN
from report.write.text import summary

# As in the race, whose defaults are in pyproject.toml.
MIN_ROUND_SECONDS = 0.005
MAX_SECONDS = 1.5
MIN_ROUNDS = 6

LAUNCHES = 5


@dataclass(frozen=True)
class Options:
    """How launches measure. `timeout` is in seconds, `budget` has the fields of `bench.case.rounds.Budget`."""

    launches: int
    timeout: float
    budget: dict[str, float]
    threads: int | None
    allocator: str
    path: Path


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "run",
        help="measure every case in several fresh processes, into one CSV",
        epilog="Exit codes: 0, every case was measured or cannot run here; 1, a case failed; 2, usage.",
    )
    add = parser.add_argument
    add("--launches", metavar="N", default=str(LAUNCHES), help=f"fresh processes (default: {LAUNCHES})")
    add("-o", "--output", metavar="CSV", type=Path, help="file to write (default: results/<UTC>-<commit>.csv)")
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=TIMEOUT_SECONDS,
        help=f"most time for one case (default: {TIMEOUT_SECONDS:g})",
    )
    add(
        "--max-time",
        metavar="SECONDS",
        type=float,
        default=MAX_SECONDS,
        help=f"time for the rounds of one case (default: {MAX_SECONDS})",
    )
    add("--min-rounds", metavar="N", default=str(MIN_ROUNDS), help=f"fewest rounds of a case (default: {MIN_ROUNDS})")
    add("--threads", metavar="N", help="pin each process to N CPUs and N threads")
    add("--memory", choices=("on", "off"), default="on", help=MEMORY)
    add("--allocator", choices=machine.ALLOCATORS, default=machine.ALLOCATORS[0], help="as in the race")
    return parser


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the command with the chosen options, and return its exit code."""
    return run(
        selection,
        Options(
            launches=whole("--launches", chosen.launches),
            timeout=chosen.timeout,
            budget={
                "min_round_seconds": MIN_ROUND_SECONDS,
                "max_seconds": chosen.max_time,
                "min_rounds": whole("--min-rounds", chosen.min_rounds),
                "memory": chosen.memory == "on",
            },
            threads=None if chosen.threads is None else whole("--threads", chosen.threads),
            allocator=chosen.allocator,
            path=chosen.output or machine.ROOT / "results" / f"{machine.run_name()}.csv",
        ),
    )


def run(selection: dict[str, str | None], options: Options) -> int:
    """Measure all launches, print the summary, and return the exit code: 1 if a case failed, else 0."""
    if options.path.exists():
        raise ValueError(f"{options.path} exists already, and every run has its own file; name another with --output")
    side = Side()
    with Worker(side, options.threads, options.allocator) as worker:
        cases = select(worker, selection)
    _measure(side, options, cases)
    rows = table.read(options.path)
    width = shutil.get_terminal_size().columns
    print(summary.ending(rows, options.path, width, colour=sys.stdout.isatty()), end="")
    summary.write_markdown(rows, options.path)
    print(f"\n{options.path}\n{options.path.with_suffix('.md')}\n{saving.beside(options.path)}")
    return int(rows["status"].isin(BROKEN).any())


def _measure(side: Side, options: Options, cases: list[CaseFields]) -> None:
    """Measure the cases in every launch, and append each row to the CSV as soon as it is known."""
    with progress() as bar:
        task = bar.add_task("", total=options.launches * len(cases))
        for number in range(options.launches):
            launch = Launch(options.path.stem, number, options.allocator)
            order = random.Random(f"{launch.run}/{number}").sample(cases, len(cases))  # noqa: S311 (not a secret)
            for columns in _rows(side, options, launch, order):
                table.append(options.path, columns)
                description = f"launch {number + 1} of {options.launches}, {columns['backend']}"
                bar.update(task, advance=1, description=description)


def _rows(side: Side, options: Options, launch: Launch, cases: list[CaseFields]) -> Iterator[Row]:
    """Yield the row of each case. A new process follows each one that a case has ended."""
    left = list(cases)
    while left:
        with Worker(side, options.threads, options.allocator) as worker:
            while left and not worker.ended:
                yield _row(worker, left.pop(0), options, launch)


def _row(worker: Worker, case: CaseFields, options: Options, launch: Launch) -> Row:
    """Return the row that the worker measures, or if the case ends the worker, a row that says how."""
    started = row.now()
    request: dict[str, Any] = {"budget": options.budget, "run": launch.run, "launch": launch.number}
    try:
        return dict(worker.ask("measure", options.timeout, case=case, **request)["row"])
    except WorkerError as error:
        failure = error.failure._replace(reason=f"{error}; the rest of the launch is measured in a new process")
        return row.identity(case, launch, started, worker.environment) | row.failed(failure)
