"""`python -m bench run`: every selected case in several fresh processes, into one CSV.

A process has its memory laid out once, and that alone moves a case by some percent: what differs between launches is
not to be seen within one. The order of the cases is shuffled in each. A case that kills its process, or hangs, costs
itself a row; the rest of the launch is measured in a new process.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import random
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench import machine
from bench.options import MEMORY, whole
from bench.process.client import Side, StartError, Worker, WorkerError
from bench.race import new_path
from report import table
from report.commands import show
from report.pages import saving
from report.table import schema

Case = dict[str, Any]

ROUND_SECONDS = 0.005
IMPORT_SECONDS = 300.0
"""How long a worker's frameworks may take to import."""

FAILED = {"wrong", "error", "oom", "timeout", "crashed"}
"""What makes the run fail: a case that its backend should have run, and did not. A refusal is none of these."""


@dataclass(frozen=True)
class Options:
    """How launches are measured: how many, for how long a case, and how their processes are held."""

    launches: int
    timeout: float
    budget: dict[str, float]
    threads: int | None
    allocator: str
    path: Path


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the command with the options chosen, and return its exit code."""
    return run(
        selection,
        Options(
            launches=whole("--launches", chosen.launches),
            timeout=chosen.timeout,
            budget={
                "min_round_seconds": ROUND_SECONDS,
                "max_seconds": chosen.max_time,
                "min_rounds": whole("--min-rounds", chosen.min_rounds),
                "memory": chosen.memory == "on",
            },
            threads=None if chosen.threads is None else whole("--threads", chosen.threads),
            allocator=chosen.allocator,
            path=chosen.output or new_path(machine.ROOT / "results"),
        ),
    )


def run(selection: dict[str, str | None], options: Options) -> int:
    """Measure all launches, print the summary, and return the exit code: 0, or 1 where a case failed."""
    if options.path.exists():
        raise ValueError(f"{options.path} is there already, and a run is a file of its own; name another with --output")
    side = Side()
    with Worker(side, options.threads, options.allocator) as worker:
        cases = select(worker, selection)
    with progress() as bar:
        task = bar.add_task("", total=options.launches * len(cases))
        for launch in range(options.launches):
            order = random.Random(f"{options.path.stem}/{launch}").sample(cases, len(cases))  # noqa: S311
            for row in _launch(side, options, launch, order):
                table.append(options.path, row)
                bar.update(task, advance=1, description=f"launch {launch + 1} of {options.launches}, {row['backend']}")
    rows = table.read(options.path)
    width = shutil.get_terminal_size().columns
    print(show.ending(rows, options.path, width, colour=sys.stdout.isatty()), end="")
    show.write_markdown(rows, options.path)
    print(f"\n{options.path}\n{options.path.with_suffix('.md')}\n{saving.beside(options.path)}")
    return int(rows["status"].isin(FAILED).any())


def select(worker: Worker, selection: dict[str, str | None]) -> list[Case]:
    """Return the cases that the words name, as the worker's checkout knows them; raises `ValueError` with its line."""
    try:
        answer = worker.ask("select", IMPORT_SECONDS, options=selection)
    except WorkerError as error:
        raise StartError(f"a worker ended while it imported the frameworks ({error}); see the lines above") from error
    if "error" in answer:
        raise ValueError(answer["error"])
    return list(answer["cases"])


def _launch(side: Side, options: Options, launch: int, cases: list[Case]) -> Any:
    """Yield a row a case, from one process, or from as many as it takes where a case ends its own."""
    left = list(cases)
    while left:
        with Worker(side, options.threads, options.allocator) as worker:
            while left:
                case = left.pop(0)
                started = datetime.now(UTC).isoformat(timespec="seconds")
                try:
                    request = {"case": case, "budget": options.budget, "run": options.path.stem, "launch": launch}
                    yield worker.ask("measure", options.timeout, **request)["row"]
                except WorkerError as error:
                    yield _row(worker, case, options, launch, started) | {
                        "status": error.status,
                        "reason": f"{error}; the rest of the launch is measured in a new process",
                    }
                    break


def _row(worker: Worker, case: Case, options: Options, launch: int, started: str) -> dict[str, Any]:
    """Return what is known of a case whose process could not tell."""
    return {
        "schema": schema.VERSION,
        "run": options.path.stem,
        "launch": launch,
        "started_utc": started,
        "allocator": options.allocator,
        "numpy_version": importlib.metadata.version("numpy"),
        **worker.environment,
        **case,
    }


def progress() -> Progress:
    """Return the bar with the time left, on standard error; it vanishes at the end."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns, console=Console(stderr=True), transient=True)


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "run",
        help="measure every case in several fresh processes, into one CSV",
        epilog="Exit codes: 0, every case was measured or could not be here; 1, a case failed; 2, usage.",
    )
    parser.add_argument("--launches", metavar="N", default="5", help="fresh processes (default: 5)")
    parser.add_argument("-o", "--output", metavar="CSV", type=Path, help="default: results/<UTC>-<commit>.csv")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=300.0, help="a case (default: 300)")
    parser.add_argument("--max-time", metavar="SECONDS", type=float, default=1.5, help="of rounds (default: 1.5)")
    parser.add_argument("--min-rounds", metavar="N", default="6", help="rounds a case at least (default: 6)")
    parser.add_argument("--threads", metavar="N", help="pin each process to N CPUs and N threads")
    parser.add_argument("--memory", choices=("on", "off"), default="on", help=MEMORY)
    parser.add_argument("--allocator", choices=("default", "steady"), default="default", help="as in the race")
    return parser
