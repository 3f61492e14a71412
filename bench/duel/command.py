"""`python -m bench duel`: selects the cases, runs both stages, and writes and prints the verdicts."""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench import machine
from bench.duel import samples
from bench.duel.bisect import SKIP, UntestableError, code
from bench.duel.duel import Contest, Plan, duel, refuse_foreign, write
from bench.duel.explain import explained
from bench.duel.files import Brought, brought
from bench.duel.files import describe as contents
from bench.duel.pair import Effort
from bench.duel.sides import Cases, Sides, cases_on, describe, in_common, refereed, side_of
from bench.duel.stage import MAX_LANES, lanes
from bench.options import PRECISION as PRODUCTS
from bench.options import PRECISIONS, TIMEOUT, TIMEOUT_SECONDS, seconds, whole
from bench.process.client import StartError
from bench.process.pool import Pool
from bench.progress import progress
from report.commands.arguments import add_gate, gate, share
from report.compare.comparison import Comparison
from report.statistics.duel_rules import (
    FRESH_PAIRS,
    FRESH_SECONDS,
    MIN_PAIRS,
    PAIRS,
    PRECISION,
    SECONDS,
    THRESHOLD,
    Rules,
)
from report.statistics.verdict import FAMILY_CONFIDENCE
from report.write import comparison_files

DEFAULTS = {"batch_size": "1,10000", "device": "cpu", "steps": "5"}
"""The options that a duel selects otherwise than the race.

One batch size is a single row, the other fits the cache. A descent is short enough for many rounds of the slowest mode
in each pair.
"""

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
    add_rules(parser)
    add_effort(parser)
    parser.add_argument("--all-pairs", action="store_true", help="measure every case in all pairs, for `report noise`")
    add_gate(parser)
    parser.add_argument(
        "--git-bisect",
        action="store_true",
        help="exit codes for `git bisect run`: 1, a case regressed; 125, it cannot be said; 128, usage, or base fails",
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, help="folder to write (default: results/duels/<UTC>-<commit>/)"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="after the timing, show what else differs in each case that regressed or improved: calls, operations, …",
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


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the options of the duel's rules: what matters, and how sure it must be."""
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


def add_effort(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how long a duel measures, and how."""
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
    refuse_foreign(folder)
    with ExitStack() as resources:
        files = brought(selection, chosen.base_problem, chosen.head_problem, chosen.base_rev, resources)
        try:
            result = _duel(chosen, folder, files, resources)
        except UntestableError as error:
            print(f"cannot be tested: {error}", file=sys.stderr)
            return SKIP
    return code(result) if chosen.git_bisect else result.exit_code


def _duel(chosen: argparse.Namespace, folder: Path, files: Brought, resources: ExitStack) -> Comparison:
    selection = files.selection
    sides = Sides(
        side_of(chosen.base, chosen.base_python, files.base), side_of(chosen.head, chosen.head_python, files.head)
    )
    plan = replace(plan_of(chosen), gate=gate(chosen), all_pairs=chosen.all_pairs)
    whole = selection | {name: selection[name] or word for name, word in DEFAULTS.items()}
    cases = _cases(sides, whole, skips=chosen.git_bisect)
    if files.head.problems:
        workers = partial(Pool, 1, "default", plan.effort.timeout, plan.effort.products)
        sides = refereed(sides, list(cases.common.values()), workers, resources)
    names = (
        describe(sides.base, sides.head) + contents(files.base),
        describe(sides.head, sides.base) + contents(files.head),
    )
    with progress() as bar:
        fought = duel(Contest(sides, cases, names), plan, folder, bar)
        result = explained(fought.comparison, fought.first, bar) if chosen.explain else fought.comparison
    width = shutil.get_terminal_size().columns
    print(comparison_files.write(result, chosen.format, width, colour=sys.stdout.isatty()), end="")
    print(f"\n{folder}: {', '.join((samples.NAME, *write(folder, result)))}", file=sys.stderr)
    return result


def _cases(sides: Sides, selection: dict[str, str | None], *, skips: bool) -> Cases:
    """Return the cases of both sides. With `skips`, raise `UntestableError` if head is at fault."""
    base = cases_on("base", sides.base, selection)
    try:
        return in_common(base, cases_on("head", sides.head, selection))
    except (StartError, ValueError) as error:
        if skips:
            raise UntestableError(str(error)) from error
        raise


def plan_of(chosen: argparse.Namespace) -> Plan:
    """Return the plan from the options of `add_rules` and `add_effort`. Raise `ValueError` if one is wrong."""
    timeout, most = seconds(chosen.case_timeout), seconds(chosen.seconds)
    pairs = whole("--pairs", chosen.pairs)
    if pairs < MIN_PAIRS:
        raise ValueError(f"--pairs '{pairs}': must be {MIN_PAIRS} or more, to conclude anything")
    return Plan(
        Effort(most, PRECISION, timeout, min(whole("--lanes", chosen.lanes), lanes()), products=chosen.precision),
        Rules(chosen.threshold, chosen.confidence),
        pairs,
        whole("--fresh-pairs", chosen.fresh_pairs),
        seconds(chosen.fresh_seconds),
    )
