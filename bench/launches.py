"""`python -m bench run`: measures every selected case in several fresh processes, into one CSV.

The memory of a process is laid out once, and the layout alone changes a case's time by some percent. One launch cannot
show that; several can. Each launch has fresh workers, and measures the cases in its own random order. It measures them
as the race does; only a loop drives the rounds, and not pytest-benchmark.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bench import machine
from bench.case.rounds import Budget
from bench.case.row import Launch
from bench.options import (
    LOSS_CURVE,
    MEMORY,
    ONLY_TIMES,
    PRECISION,
    PRECISIONS,
    TIMEOUT,
    TIMEOUT_SECONDS,
    WARM_CACHE,
    seconds,
    whole,
)
from bench.own.files import NONE, Files, named
from bench.process.client import Side
from bench.process.pool import Pool
from bench.progress import shown
from bench.racing.race import Race, loop
from bench.racing.referee import Referee
from bench.selection import Selection, select
from report import table
from report.pages import saving
from report.run import relative
from report.table.keys import BROKEN
from report.table.lock import lock
from report.write.output import refuse_foreign_beside
from report.write.text import summary

# As in the race, whose defaults are in pyproject.toml.
MIN_ROUND_SECONDS = 0.005
MAX_SECONDS = 1.45
MIN_ROUNDS = 6

LAUNCHES = 5


@dataclass(frozen=True)
class Options:
    """How launches measure. `timeout` is in seconds, for one case. `quiet` runs show no progress."""

    launches: int
    timeout: float
    budget: Budget
    threads: int | None
    allocator: str
    path: Path
    precision: str = PRECISIONS[0]
    files: Files = NONE
    relative_to: str | None = None
    quiet: bool = False
    page: bool = True


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
    add_measuring(parser)
    add(relative.FLAG, metavar="BACKEND", help=relative.HELP)
    add("--no-page", action="store_true", help="write only the CSV and its summary, no page")
    return parser


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a launch measures its cases."""
    add = parser.add_argument
    add("--case-timeout", "--timeout", metavar="SECONDS", default=str(TIMEOUT_SECONDS), help=TIMEOUT)
    add(
        "--max-time",
        metavar="SECONDS",
        default=str(MAX_SECONDS),
        help=f"time for the rounds of one case (default: {MAX_SECONDS})",
    )
    add("--min-rounds", metavar="N", default=str(MIN_ROUNDS), help=f"fewest rounds of a case (default: {MIN_ROUNDS})")
    add("--threads", metavar="N", help="pin each process to N CPUs and N threads")
    add("--memory", choices=("on", "off"), default="on", help=MEMORY)
    add("--warm-cache", choices=("on", "off"), default="on", help=WARM_CACHE)
    add("--loss-curve", action="store_true", help=LOSS_CURVE)
    add("--only-times", action="store_true", help=ONLY_TIMES)
    add("--allocator", choices=machine.ALLOCATORS, default=machine.ALLOCATORS[0], help="as in the race")
    add("--precision", choices=PRECISIONS, default=PRECISIONS[0], help=PRECISION)


def budget(chosen: argparse.Namespace) -> Budget:
    """Return the budget of a case from the options of `add_measuring`. Raise `ValueError` if one is wrong."""
    return Budget(
        MIN_ROUND_SECONDS,
        seconds(chosen.max_time),
        whole("--min-rounds", chosen.min_rounds),
        memory=chosen.memory == "on",
        warm_cache=chosen.warm_cache == "on",
        only_times=chosen.only_times,
        curve=chosen.loss_curve,
    )


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the command with the chosen options, and return its exit code."""
    return run(
        selection,
        Options(
            launches=whole("--launches", chosen.launches),
            timeout=seconds(chosen.case_timeout),
            budget=budget(chosen),
            threads=None if chosen.threads is None else whole("--threads", chosen.threads),
            allocator=chosen.allocator,
            path=chosen.output or machine.ROOT / "results" / f"{machine.run_name()}.csv",
            precision=chosen.precision,
            relative_to=chosen.relative_to,
            page=not chosen.no_page,
        ),
    )


def run(selection: dict[str, str | None], options: Options) -> int:
    """Measure all launches, print the summary, and return the exit code: 1 if a case failed, else 0."""
    refuse_foreign_beside(options.path, page=options.page)
    rows = measured(selection, options)
    width = shutil.get_terminal_size().columns
    print(summary.ending(rows, options.path, width, options.relative_to, colour=sys.stdout.isatty()), end="")
    summary.write_markdown(rows, options.path, options.relative_to)
    page = [saving.beside(options.path)] if options.page else []
    print("", options.path, options.path.with_suffix(".md"), *page, sep="\n")
    return int(rows["status"].isin(BROKEN).any())


def measured(selection: dict[str, str | None], options: Options) -> pd.DataFrame:
    """Measure all launches of the cases that the selection names, and return the rows of their new CSV.

    The files of `options` are known to the workers, besides those that the selection names. Raise `ValueError` if the
    CSV exists already, or if an option is wrong.
    """
    if options.path.exists():
        raise ValueError(f"{options.path} exists already, and every run has its own file; name another")
    selection, files = named(selection)
    options = replace(options, files=options.files.with_others(files))
    with closing(_pool(options)) as pool:
        selected = select(selection, pool.inventory, pool.objectives)
    if options.relative_to:
        relative.require(options.relative_to, {case.backend for case in selected.cases})
    with lock(options.path):
        _measure(options, selected)
    return table.read(options.path)


def _measure(options: Options, selected: Selection) -> None:
    """Measure the cases in every launch, in fresh workers and in an order of its own."""
    with shown(options.launches * len(selected.cases), quiet=options.quiet) as begin:
        for number in range(options.launches):
            launch = Launch(options.path.stem, number, options.allocator)
            order = random.Random(f"{launch.run}/{number}").sample(selected.cases, len(selected.cases))  # noqa: S311
            with closing(_pool(options)) as pool:
                referee = Referee(pool, selected.inventory, selected.objectives, options.timeout)
                race = Race(referee, options.budget, options.timeout, options.path, launch)
                for case in order:
                    begin(f"launch {number + 1} of {options.launches}, {case.backend}")
                    race.run(case, loop)


def _pool(options: Options) -> Pool:
    side = Side(arguments=options.files.arguments())
    return Pool(options.threads, options.allocator, options.timeout, options.precision, side)
