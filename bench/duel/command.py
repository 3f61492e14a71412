"""`python -m bench duel`: selects the cases, runs both stages, and writes and prints the verdicts."""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.progress import Progress

from bench import machine
from bench.duel import samples, verdicts
from bench.duel.files import Brought, brought
from bench.duel.files import describe as contents
from bench.duel.pair import Effort
from bench.duel.sides import Sides, cases_of, describe, refereed, side_of
from bench.duel.stage import MAX_LANES, Stage, lanes
from bench.options import PRECISION as PRODUCTS
from bench.options import PRECISIONS, TIMEOUT, TIMEOUT_SECONDS, seconds, whole
from bench.process.pool import Pool
from bench.progress import progress
from report.commands.arguments import add_gate, gate, share
from report.statistics.duel_rules import (
    FRESH_PAIRS,
    FRESH_PRECISION,
    FRESH_SECONDS,
    MIN_PAIRS,
    PAIRS,
    PRECISION,
    SECONDS,
    THRESHOLD,
    Rules,
    min_pairs,
    never,
)
from report.statistics.verdict import FAMILY_CONFIDENCE
from report.write import comparison_files, output

DEFAULTS = {"batch_size": "1,10000", "device": "cpu", "steps": "5"}
"""The options that a duel selects otherwise than the race: 20 cases.

One batch size is a single row, the other fits the cache. A descent is short enough for many rounds of the slowest mode
in each pair.
"""

FILES = {"csv": "verdicts.csv", "json": "verdicts.json", "markdown": "verdicts.md"}
"""The files of the verdicts, by format."""

EPILOG = """\
--base ../base --head .          two checkouts, such as one that `git worktree add ../base main` makes
--head . --base-python OLD       one checkout, two environments: what upgrading a library does
--problem mine.py --base-rev main    your own loss: the file as it is, against the file at a revision of its repository
--base-problem old.py --head-problem new.py     two files

Exit codes: 0, nothing regressed, failed or is missing; inconclusive cases are counted and do not fail, unless
--fail-inconclusive. 1, a case regressed (confirmed by fresh pairs), failed, or is missing, unless --allow-missing. 2,
usage, or a side does not start.
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "duel",
        help="base against head, alternating round by round on the same CPU",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sides(parser)
    _add_rules(parser)
    _add_effort(parser)
    add_gate(parser)
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, help="folder to write (default: results/duels/<UTC>-<commit>/)"
    )
    parser.add_argument(
        "--format", choices=comparison_files.FORMATS, default="text", help="what is printed (default: text)"
    )
    return parser


def _add_sides(parser: argparse.ArgumentParser) -> None:
    for name in ("base", "head"):
        parser.add_argument(
            f"--{name}", metavar="PATH", type=Path, default=machine.ROOT, help=f"checkout of {name} (default: this one)"
        )
    for name in ("base", "head"):
        parser.add_argument(
            f"--{name}-python",
            metavar="PYTHON",
            default=sys.executable,
            help=f"interpreter of {name} (default: this one)",
        )
    for name in ("base", "head"):
        parser.add_argument(
            f"--{name}-problem", metavar="FILE", help=f"file of {name} with a problem of yours, in place of --problem"
        )
    parser.add_argument(
        "--base-rev", metavar="REVISION", help="revision of your own repository, whose files base takes for --problem"
    )


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threshold",
        type=share,
        metavar="PERCENT",
        default=THRESHOLD,
        help=f"smallest change that matters (default: {THRESHOLD:.0%})".replace("%", "%%"),
    )
    parser.add_argument(
        "--confidence",
        type=share,
        metavar="PERCENT",
        default=FAMILY_CONFIDENCE,
        help=f"confidence of all intervals together (default: {FAMILY_CONFIDENCE:.0%})".replace("%", "%%"),
    )


def _add_effort(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--pairs", metavar="N", default=str(PAIRS), help=f"process pairs of the first stage (default: {PAIRS})")
    add(
        "--fresh-pairs",
        metavar="N",
        default=str(FRESH_PAIRS),
        help=f"process pairs for suspects (default: {FRESH_PAIRS})",
    )
    for name, most, what in (
        ("seconds", SECONDS, "a case in a pair"),
        ("fresh-seconds", FRESH_SECONDS, "a suspect in a fresh pair"),
    ):
        text = f"most time for the rounds of {what} (default: {most})"
        add(f"--{name}", metavar="SECONDS", default=str(most), help=text)
    add("--precision", choices=PRECISIONS, default=PRECISIONS[0], help=PRODUCTS)
    add("--all-pairs", action="store_true", help="measure every case in all pairs, for `report noise`")
    add("--case-timeout", "--timeout", metavar="SECONDS", default=str(TIMEOUT_SECONDS), help=TIMEOUT)
    add(
        "--lanes",
        metavar="N",
        default=str(lanes()),
        help=f"pairs that run at once (default: one on each CPU, at most {MAX_LANES})",
    )


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the duel with the chosen options, and return its exit code."""
    folder = chosen.output or machine.ROOT / "results" / "duels" / machine.run_name()
    _refuse_foreign(folder)
    with ExitStack() as resources:
        files = brought(selection, chosen.base_problem, chosen.head_problem, chosen.base_rev, resources)
        return _duel(chosen, folder, files, resources)


def _duel(chosen: argparse.Namespace, folder: Path, files: Brought, resources: ExitStack) -> int:
    selection = files.selection
    sides = Sides(
        side_of(chosen.base, chosen.base_python, files.base), side_of(chosen.head, chosen.head_python, files.head)
    )
    effort = Effort(
        seconds(chosen.seconds),
        PRECISION,
        seconds(chosen.case_timeout),
        min(whole("--lanes", chosen.lanes), lanes()),
        products=chosen.precision,
    )
    fresh_seconds = seconds(chosen.fresh_seconds)
    pairs, fresh_pairs = whole("--pairs", chosen.pairs), whole("--fresh-pairs", chosen.fresh_pairs)
    rules = Rules(chosen.threshold, chosen.confidence)
    cases = cases_of(sides, selection | {name: selection[name] or word for name, word in DEFAULTS.items()})
    if pairs < MIN_PAIRS:
        raise ValueError(f"--pairs '{pairs}': must be {MIN_PAIRS} or more, to conclude anything")
    if any(case["device"] != "cpu" for case in cases.common.values()):
        # Two pairs on one device would not alternate on it. The second CPU is for torch's thread that goes backward:
        # the main thread waits for the device in a loop.
        effort = replace(effort, lanes=1, cpus=2)
    fresh_effort = replace(effort, seconds=fresh_seconds, precision=FRESH_PRECISION)
    if files.head.problems:
        workers = partial(Pool, 1, "default", effort.timeout, effort.products)
        sides = refereed(sides, list(cases.common.values()), workers, resources)
    folder.mkdir(parents=True, exist_ok=True)
    with progress() as bar:
        first = Stage(sides, effort, cases.common, pairs, never if chosen.all_pairs else rules.clearing(pairs))
        _run(1, first, folder, bar)
        suspects = verdicts.suspects(first, rules)
        fresh_pairs = max(fresh_pairs, MIN_PAIRS, min_pairs(len(suspects), chosen.confidence))
        second = Stage(sides, fresh_effort, suspects, fresh_pairs, rules.clearing(fresh_pairs))
        _run(2, second, folder, bar)
    rows = [*verdicts.judged(first, second, rules), *verdicts.unmatched(cases)]
    names = (
        describe(sides.base, sides.head) + contents(files.base),
        describe(sides.head, sides.base) + contents(files.head),
    )
    result = verdicts.comparison_of(rows, names, rules, gate(chosen))
    width = shutil.get_terminal_size().columns
    for form, name in FILES.items():
        output.write_text(folder / name, comparison_files.write(result, form, width), begins=_begins(form))
    print(comparison_files.write(result, chosen.format, width, colour=sys.stdout.isatty()), end="")
    print(f"\n{folder}: {', '.join((samples.NAME, *FILES.values()))}", file=sys.stderr)
    return result.exit_code


def _refuse_foreign(folder: Path) -> None:
    """Raise `ReportError` if the folder has a file of ours by name that is not ours by its content."""
    output.refuse_foreign(folder / samples.NAME, begins=",".join(samples.COLUMNS))
    for form, name in FILES.items():
        output.refuse_foreign(folder / name, begins=_begins(form))


def _begins(form: str) -> str:
    return comparison_files.BEGINNINGS.get(form, "")


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
