"""`python -m bench fleet`: launches on several machines, through submitit, into one CSV."""

from __future__ import annotations

import argparse
import itertools
import math
import shutil
import sys
from pathlib import Path

from bench import launches
from bench.fleet import arguments, engines
from bench.fleet.ending import collect, lines
from bench.fleet.engines import Place
from bench.fleet.state import Fleet, Plan
from bench.launches import LAUNCHES
from bench.options import seconds, whole
from report import table
from report.pages import saving
from report.table.keys import BROKEN
from report.table.lock import lock
from report.write.output import refuse_foreign_beside
from report.write.text import summary

ENGINES = ("local", "slurm")
ASKED = ("partition", "gpus", "nodes")
"""The options that only Slurm has."""

JOB_SECONDS = 7200

EPILOG = """\
--engine local -o mine.csv                          launches on this machine, one job at a time
--engine slurm --gpus h100:1,a100:1 -o gpus.csv     so many launches on each kind of GPU
--engine slurm --nodes node1,node2 -o nodes.csv     so many launches on each node

The same command resumes a fleet: launches that have their rows are not measured again, and jobs that are in Slurm's
queue are waited for. docs/fleet.md has more, and hosts without a scheduler.

Exit codes: 0, every launch has its rows, and no case failed; 1, a case failed, or a launch has no rows; 2, usage.
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "fleet",
        help="launches on several machines, through Slurm or here, into one CSV",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("-o", "--output", metavar="CSV", type=Path, required=True, help="file to write; the same name resumes a fleet")
    add("--engine", choices=ENGINES, default=ENGINES[0], help=f"where jobs run (default: {ENGINES[0]})")
    add("--launches", metavar="N", default=str(LAUNCHES), help=f"launches on each machine (default: {LAUNCHES})")
    add("--partition", metavar="LIST", default="", help="Slurm's partitions: so many launches on each")
    add("--gpus", metavar="LIST", default="", help="GPUs by type and number, such as h100:1: so many launches on each")
    add("--nodes", metavar="LIST", default="", help="nodes by name: so many launches on each")
    add(
        "--job-timeout",
        metavar="SECONDS",
        default=str(JOB_SECONDS),
        help=f"most time for a job, which is one launch (default: {JOB_SECONDS})",
    )
    add("--pool-alike", action="store_true", help="count hosts of the same CPU, cores, memory and GPU as one machine")
    add(
        "--allow-difference",
        action="store_true",
        help="measure on machines whose commit or versions differ from those here, and name the difference",
    )
    launches.add_measuring(parser)
    add("--no-page", action="store_true", help="write only the CSV and its summary, no page")
    return parser


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the command with the chosen options, and return its exit code."""
    engines.require_submitit()
    count, minutes = whole("--launches", chosen.launches), math.ceil(seconds(chosen.job_timeout) / 60)
    words, files = arguments.of_command(chosen, selection)
    refuse_foreign_beside(chosen.output, page=not chosen.no_page)
    places = _places(chosen)
    # There is one machine here: its rows are those of `bench run`.
    plan = Plan(list(places), words, files, pool_alike=chosen.pool_alike or chosen.engine == "local")
    with lock(chosen.output):
        fleet = Fleet(chosen.output, plan, count, allow_difference=chosen.allow_difference)
        outcomes = engines.local(fleet, minutes) if chosen.engine == "local" else engines.slurm(fleet, minutes, places)
        try:
            collect(fleet, outcomes)
        except KeyboardInterrupt:
            _say_what_goes_on(fleet)
            raise
    return _end(fleet, page=not chosen.no_page)


def _places(chosen: argparse.Namespace) -> dict[str, Place]:
    """Return what each launch asks Slurm for, by name. Raise `ValueError` if another engine is asked for it."""
    if chosen.engine == "local":
        if asked := [f"--{name}" for name in ASKED if getattr(chosen, name)]:
            raise ValueError(f"{', '.join(asked)}: only with --engine slurm")
        return {"local": Place()}
    lists = [dict.fromkeys(word.strip() for word in getattr(chosen, name).split(",")) for name in ASKED]
    places = itertools.starmap(Place, itertools.product(*lists))
    return {str(place): place for place in places}


def _say_what_goes_on(fleet: Fleet) -> None:
    """Say which jobs Slurm goes on with."""
    jobs = sorted(set(fleet.jobs().values()))
    if jobs:
        print(
            f"{len(jobs)} jobs stay in Slurm's queue; the same command collects them. To cancel them: scancel "
            f"{' '.join(jobs)}",
            file=sys.stderr,
        )


def _end(fleet: Fleet, *, page: bool) -> int:
    """Print the summary, and why launches have no rows. Return the exit code."""
    broken = False
    if fleet.answered:
        rows, width = table.read(fleet.path), shutil.get_terminal_size().columns
        broken = bool(rows["status"].isin(BROKEN).any())
        print(summary.ending(rows, fleet.path, width, colour=sys.stdout.isatty()))
        summary.write_markdown(rows, fleet.path)
        pages = [saving.beside(fleet.path)] if page else []
        print(fleet.path, fleet.path.with_suffix(".md"), *pages, sep="\n", end="\n\n")
    print(*lines(fleet), sep="\n")
    if fleet.failures():
        print(f"What the jobs printed: {fleet.folder / 'jobs'}")
    return int(broken or bool(fleet.missing))
