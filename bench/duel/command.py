"""`python -m bench duel`: the command around the duel. It selects the cases, runs both stages, writes and prints."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from bench import machine
from bench.duel import stage as duel
from bench.duel import verdicts
from bench.duel.stage import Effort, Sides, Stage
from bench.launches import Case, progress, select
from bench.options import whole
from bench.process.client import Side, StartError, Worker
from report.statistics.duel_rules import (
    FRESH_PAIRS,
    FRESH_PRECISION,
    FRESH_SECONDS,
    PAIRS,
    PRECISION,
    SECONDS,
    THRESHOLD,
    Rules,
    min_pairs,
    never,
)
from report.table.keys import CASE
from report.write import comparison_files, units

DEFAULTS = {"batch_size": "1,10000", "device": "cpu", "steps": "5"}
"""Where a duel's selection differs from the race's: a batch of one and one in the cache, and a descent short enough for
many rounds of the slowest mode in each pair; 20 cells."""

SAMPLES = "samples.csv"

EPILOG = """\
--base ../base --head .          two checkouts, such as `git worktree add ../base main` makes
--head . --base-python OLD       one checkout, two environments: what a library's upgrade does

Exit codes: 0, nothing regressed, failed or is missing; inconclusive is counted, and does not fail. 1, a case regressed
(confirmed by fresh pairs), failed, or is missing, unless --allow-missing. 2, usage, or a side that cannot be started.
"""


@dataclass(frozen=True)
class Cases:
    """What both sides can select, and what only one of them knows, with the line of the other."""

    common: dict[int, Case]
    missing: list[Case]
    new: list[Case]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "duel",
        help="base against head, alternating round by round on the same CPU",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = machine.ROOT
    parser.add_argument("--base", metavar="PATH", type=Path, default=here, help="checkout (default: this one)")
    parser.add_argument("--head", metavar="PATH", type=Path, default=here, help="checkout (default: this one)")
    parser.add_argument("--base-python", metavar="PYTHON", default=sys.executable, help="its interpreter")
    parser.add_argument("--head-python", metavar="PYTHON", default=sys.executable, help="its interpreter")
    parser.add_argument(
        "--threshold",
        type=share,
        metavar="PERCENT",
        default=THRESHOLD,
        help="smallest change that matters (default: 3%%)",
    )
    parser.add_argument(
        "--confidence", type=share, metavar="PERCENT", default=0.95, help="of all cases (default: 95%%)"
    )
    parser.add_argument(
        "--pairs", metavar="N", default=str(PAIRS), help=f"process pairs of the first stage (default: {PAIRS})"
    )
    parser.add_argument(
        "--fresh-pairs",
        metavar="N",
        default=str(FRESH_PAIRS),
        help=f"process pairs for suspects (default: {FRESH_PAIRS})",
    )
    for name, seconds, whose in (("", SECONDS, "case and pair"), ("fresh-", FRESH_SECONDS, "suspect and fresh pair")):
        text = f"of rounds at most, a {whose} (default: {seconds})"
        parser.add_argument(f"--{name}seconds", metavar="SECONDS", type=float, default=seconds, help=text)
    parser.add_argument("--all-pairs", action="store_true", help="clear no case early: for `report noise`")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=300.0, help="a case (default: 300)")
    parser.add_argument("--lanes", metavar="N", default=str(duel.lanes()), help="pairs at once (default: one a CPU)")
    parser.add_argument("--allow-missing", action="store_true", help="a case that head does not have does not fail")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="default: results/duels/<UTC>-<commit>/")
    parser.add_argument("--format", choices=comparison_files.FORMATS, default="text", help="what is printed")
    return parser


def share(word: str) -> float:
    """Return a percentage as a fraction, or raise what argparse makes a usage error of."""
    try:
        return units.share(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the duel that was chosen, and return its exit code."""
    sides = Sides(_side(chosen.base, chosen.base_python), _side(chosen.head, chosen.head_python))
    effort = Effort(chosen.seconds, PRECISION, chosen.timeout, min(whole("--lanes", chosen.lanes), duel.lanes()))
    pairs, fresh_pairs = whole("--pairs", chosen.pairs), whole("--fresh-pairs", chosen.fresh_pairs)
    rules = Rules(chosen.threshold, chosen.confidence)
    cases = cases_of(sides, selection | {name: selection[name] or word for name, word in DEFAULTS.items()})
    if pairs < (least := min_pairs(len(cases.common), chosen.confidence)):
        raise ValueError(f"--pairs '{pairs}': {len(cases.common)} cells take {least} at least to conclude anything")
    if any(case["device"] != "cpu" for case in cases.common.values()):
        effort = replace(effort, lanes=1)  # two pairs on one device would not alternate on it
    fresh_effort = replace(effort, seconds=chosen.fresh_seconds, precision=FRESH_PRECISION)
    folder = chosen.output or machine.ROOT / "results" / "duels" / _name()
    folder.mkdir(parents=True, exist_ok=True)
    with progress() as bar:
        clearing = never if chosen.all_pairs else rules.clearing(len(cases.common))
        stages = [_stage(1, Stage(sides, effort, cases.common, pairs, clearing), folder, bar)]
        again = verdicts.suspects(stages[0], rules)
        fresh_pairs = max(fresh_pairs, min_pairs(len(again), chosen.confidence))
        stages.append(
            _stage(2, Stage(sides, fresh_effort, again, fresh_pairs, rules.clearing(len(again))), folder, bar)
        )
    names = _describe(sides.base, sides.head), _describe(sides.head, sides.base)
    rows = [*verdicts.judged(stages[0], stages[1], rules), *verdicts.strangers(cases.missing, cases.new)]
    result = verdicts.comparison_of(rows, names, rules, allow_missing=chosen.allow_missing)
    width = shutil.get_terminal_size().columns
    for form, name in (("csv", "verdicts.csv"), ("json", "verdicts.json"), ("markdown", "verdicts.md")):
        (folder / name).write_text(comparison_files.write(result, form, width), encoding="utf-8")
    print(comparison_files.write(result, chosen.format, width, colour=sys.stdout.isatty()), end="")
    print(f"\n{folder}: {SAMPLES}, verdicts.csv, verdicts.json, verdicts.md", file=sys.stderr)
    return result.exit_code


def _side(path: Path, python: str) -> Side:
    """Return the side with paths that hold from any folder; a link, as an environment's interpreter is, stays one."""
    return Side(path.resolve(), str(Path(python).absolute()) if "/" in python else python)


def _stage(number: int, stage: Stage, folder: Path, bar: Progress) -> Stage:
    """Run a stage, and write its samples, also where it is stopped."""
    if not stage.cases:
        return stage
    what = "process pairs" if number == 1 else f"fresh pairs for {len(stage.cases)} suspects"
    task = bar.add_task(what, total=stage.pairs * len(stage.cases))
    try:
        stage.run(lambda: bar.advance(task))
    finally:
        write_samples(folder / SAMPLES, number, stage)
    bar.update(task, completed=stage.pairs * len(stage.cases))
    return stage


def cases_of(sides: Sides, selection: dict[str, str | None]) -> Cases:
    known = []
    for side in (sides.base, sides.head):
        if not (side.path / "bench" / "worker.py").is_file():
            raise StartError(f"{side.path}: no checkout of descent-bench that can duel: it has no bench/worker.py")
        with Worker(side, 1, "default") as worker:
            known.append(select(worker, selection))
    base, head = known
    common = dict(enumerate(case for case in head if case in base))
    if not common:
        raise ValueError("base and head have no case in common")
    return Cases(common, [case for case in base if case not in head], [case for case in head if case not in base])


def _describe(side: Side, other: Side) -> str:
    """Return a side in words: the checkout, and the interpreter where the sides differ in it."""
    head, dirty = machine.commit(side.path)
    python = f", {side.python}" if side.python != other.python else ""
    return f"{side.path} at {head}{' with changes' if dirty else ''}{python}"


def _name() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{machine.commit()[0]}"


def write_samples(path: Path, number: int, stage: Stage) -> None:
    """Append the stage's paired samples, a row a round; seconds are of one call."""
    with path.open("w" if number == 1 else "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if number == 1:
            writer.writerow(["stage", "pair", "cpu", *CASE, "iterations", "base_seconds", "head_seconds"])
        for case, rounds in stage.rounds.items():
            key = [stage.cases[case][name] for name in CASE]
            for one in rounds:
                seconds = [f"{value:.9g}" for value in (one.base_seconds, one.head_seconds)]
                writer.writerow([number, one.pair, one.cpu, *key, one.iterations, *seconds])
