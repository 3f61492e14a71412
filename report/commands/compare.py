"""`python -m report compare`: did head get slower than base?

python -m report compare BASE.csv HEAD.csv
python -m report compare --base A.csv B.csv --head C.csv D.csv
python -m report compare --by framework_version RUN.csv
python -m report compare --by backend=jax-jit,jax-loop RUN.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from report.compare import changes, comparison, control, outcomes, sides
from report.compare.comparison import Comparison
from report.compare.sides import Sides
from report.statistics.verdict import MIN_LAUNCHES, Verdict
from report.table.reader import TableError
from report.write import compare_data, compare_text, units

THRESHOLD = 0.10
"""Two runs follow one another, on a machine that drifts between them. A duel, which does not wait, sees 3 %."""

CONFIDENCE = 0.98
"""Of all intervals together: half of the rest is on the slower side, so that one suite in a hundred fails by chance."""

FORMATS = ("text", "markdown", "json", "csv", "annotations")

USAGE = "python -m report compare [options] BASE.csv HEAD.csv"

EPILOG = f"""\
Several files a side: --base A.csv B.csv --head C.csv D.csv
Along a column of one or more files: --by framework_version RUN.csv,
or with base and head named: --by backend=jax-jit,jax-loop RUN.csv

Verdicts: regressed and improved, where the interval lies on one side of 1 and
the ratio is beyond the threshold; unchanged, where the whole interval is within
it; else inconclusive. It takes {MIN_LAUNCHES} launches a side to conclude anything.
failed: head broke where base did not; missing: head has no row; new: base has
no time; untimed: neither has one.

Exit codes: 0, nothing regressed, failed or is missing; what is inconclusive is
counted, and does not fail. 1, a case regressed, failed, or is missing, unless
--allow-missing. 2, the input is unusable.
"""


@dataclass(frozen=True)
class Rules:
    """How two sides are compared: the smallest change that matters, how sure all intervals are, and what may differ."""

    threshold: float = THRESHOLD
    confidence: float = CONFIDENCE
    across_machines: bool = False
    allow_missing: bool = False


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "compare",
        help="did head get slower than base?",
        usage=USAGE,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="CSV", type=Path, nargs="*", help="base and head; with --by, all runs")
    parser.add_argument("--base", metavar="CSV", type=Path, nargs="+", help="several files of base")
    parser.add_argument("--head", metavar="CSV", type=Path, nargs="+", help="several files of head")
    parser.add_argument(
        "--by",
        metavar="COLUMN[=BASE,HEAD]",
        help="compare along a column: rows of one value with rows of another, such as --by framework_version",
    )
    add_rules(parser)
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how two sides are compared."""
    parser.add_argument(
        "--threshold",
        metavar="PERCENT",
        type=share,
        default=THRESHOLD,
        help=f"the smallest change that matters (default: {100 * THRESHOLD:g}%%; a duel's is 3%%)",
    )
    parser.add_argument(
        "--confidence",
        metavar="PERCENT",
        type=share,
        default=CONFIDENCE,
        help=f"of all cases together (default: {100 * CONFIDENCE:g}%%; a duel's is 95%%)",
    )
    parser.add_argument(
        "--across-machines", action="store_true", help="the sides are of two machines: compare ratios to NumPy alone"
    )
    parser.add_argument("--allow-missing", action="store_true", help="a case without a row in head does not fail")


def rules(options: argparse.Namespace) -> Rules:
    """Return what these options say."""
    return Rules(options.threshold or THRESHOLD, options.confidence, options.across_machines, options.allow_missing)


def run(options: argparse.Namespace) -> int:
    """Print the comparison that the options ask for, and return the exit code."""
    result = compare(_sides(options), rules(options))
    print(write(result, options.format), end="")
    return result.exit_code


def compare(both: Sides, rules: Rules) -> Comparison:
    """Return what changed from base to head; raises `TableError` where they cannot be compared."""
    across = rules.across_machines or both.by == "machine"
    differences = sides.differences(both, across_machines=across)
    measures = _measures(both, across=across)
    cases = outcomes.judged(both, changes.measured(both, measures, rules.confidence), rules.threshold)
    _require_common(both, cases)
    moved = [] if across else control.notes(both, rules.threshold)
    notes = [*_measured(cases, measures, across=across), *moved, *_doubts(cases), *both.notes, *differences]
    rows = comparison.worst_first(cases[[*both.key, *comparison.COLUMNS]])
    base, head = map(_launches, (both.base_name, both.head_name), both.launches())
    return Comparison(rows, base, head, rules.threshold, rules.confidence, notes, both.key, rules.allow_missing)


def write(result: Comparison, form: str) -> str:
    """Return the comparison in the form that `--format` names."""
    if form == "text":
        return compare_text.text(result, shutil.get_terminal_size().columns, colour=sys.stdout.isatty())
    forms = {
        "markdown": compare_text.markdown,
        "json": compare_data.as_json,
        "csv": compare_data.as_csv,
        "annotations": compare_data.as_annotations,
    }
    return forms[form](result)


def share(word: str) -> float:
    """Return a percentage as a fraction, or raise what argparse makes a usage error of."""
    try:
        return units.share(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _sides(options: argparse.Namespace) -> Sides:
    files, base, head = options.files, options.base, options.head
    if options.by is not None:
        column, _, values = options.by.partition("=")
        paths = [*files, *(base or []), *(head or [])]
        if not paths or base or head:
            raise TableError(f"--by {column}: name the CSVs, without --base and --head")
        return sides.by_column(paths, column, values.split(",") if values else ())
    if base and head and not files:
        return sides.of_files(base, head)
    if len(files) != 2 or base or head:  # noqa: PLR2004 (base and head)
        raise TableError(
            f"{len(files):,} files{' beside --base or --head' if base or head else ''}: "
            "name two, BASE.csv HEAD.csv, or several of each: --base A.csv B.csv --head C.csv D.csv"
        )
    return sides.of_files(files[:1], files[1:])


def _require_common(both: Sides, cases: pd.DataFrame) -> None:
    """Raise where there is nothing to compare: no time in base, or other cases in head."""
    if not (cases["base_replicates"] > 0).any():
        raise TableError(f"{both.base_name}: no case has a time; there is nothing to compare with")
    found = set(cases["verdict"])
    if Verdict.NEW in found and found <= {Verdict.NEW, Verdict.MISSING, Verdict.UNTIMED}:
        raise TableError(f"no case is on both sides: {sides.disjoint(both)}")


def _measures(both: Sides, *, across: bool) -> tuple[str, ...]:
    if across:
        return (changes.RATIO,)
    return (changes.RATIO, changes.SECONDS) if sides.same_reference(both) else (changes.SECONDS,)


def _measured(cases: pd.DataFrame, measures: tuple[str, ...], *, across: bool) -> Iterator[str]:
    """Yield what the ratios are of."""
    found = cases.loc[cases["ratio"].notna(), "measure"]
    seconds, ratios = int((found == changes.SECONDS).sum()), int((found == changes.RATIO).sum())
    if ratios:
        alone = "; the machines differ, so seconds are shown and not compared" if across else ""
        yield f"{_cases(ratios)}: compared by the ratio to the paired NumPy rounds ({changes.RATIO}){alone}"
    if seconds:
        other = changes.RATIO not in measures
        why = "the paired NumPy is not the same on both sides" if other else "not every launch has a ratio to NumPy"
        yield f"{_cases(seconds)}: compared by {changes.SECONDS}: {why}"


def _doubts(cases: pd.DataFrame) -> Iterator[str]:
    """Yield what to do about cases whose interval does not tell."""
    wide = int(((cases["verdict"] == Verdict.INCONCLUSIVE) & cases["low"].notna()).sum())
    if wide:
        yield (
            f"{_cases(wide)}: inconclusive, the interval is neither within the threshold nor clear of 1 beyond it; "
            "measure more launches, or duel: python -m bench duel"
        )


def _launches(name: str, count: int) -> str:
    return f"{name}, {count:,} launch{'' if count == 1 else 'es'}"


def _cases(count: int) -> str:
    return f"{count:,} case{'' if count == 1 else 's'}"
