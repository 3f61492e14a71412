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
from pathlib import Path

from report.commands import arguments
from report.commands.arguments import Commands
from report.compare import comparison, sides
from report.compare.sides import Sides
from report.errors import ReportError
from report.statistics.verdict import MIN_LAUNCHES
from report.write import comparison_files
from report.write.comparison_files import FORMATS

USAGE = "python -m report compare [options] BASE.csv HEAD.csv"

EPILOG = f"""\
Several files for each side: --base A.csv B.csv --head C.csv D.csv
Two values of a column: --by framework_version RUN.csv,
or with base and head named: --by backend=jax-jit,jax-loop RUN.csv

Verdicts:
  regressed, improved: the interval lies on one side of 1, and the ratio is
    beyond the threshold
  unchanged: the whole interval is within the threshold
  inconclusive: none of these; each side needs {MIN_LAUNCHES} launches to conclude anything
  failed: head broke where base did not
  missing: base has a time, and head has no row
  new: head has a time, and base has none
  untimed: neither side has a time

Exit codes: 0, no case regressed, failed or is missing; inconclusive cases are
counted and do not fail. 1, a case regressed, failed, or is missing, unless
--allow-missing. 2, the input is unusable.
"""


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "compare",
        help="did head get slower than base?",
        usage=USAGE,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="CSV", type=Path, nargs="*", help="base and head; with --by, all runs")
    parser.add_argument("--base", metavar="CSV", type=Path, nargs="+", help="the files of base")
    parser.add_argument("--head", metavar="CSV", type=Path, nargs="+", help="the files of head")
    parser.add_argument(
        "--by",
        metavar="COLUMN[=BASE,HEAD]",
        help="compare rows with one value of a column against rows with another, such as --by framework_version",
    )
    arguments.add_rules(parser)
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the comparison that the options ask for, and return the exit code."""
    result = comparison.compare(_sides(options), arguments.rules(options))
    width = shutil.get_terminal_size().columns
    print(comparison_files.write(result, options.format, width, colour=sys.stdout.isatty()), end="")
    return result.exit_code


def _sides(options: argparse.Namespace) -> Sides:
    files, base, head = options.files, options.base, options.head
    if options.by is not None:
        column, _, values = options.by.partition("=")
        paths = [*files, *(base or []), *(head or [])]
        if not paths or base or head:
            raise ReportError(f"--by {column}: name the CSVs after the options, without --base and --head")
        return sides.by_column(paths, column, values.split(",") if values else ())
    if base and head and not files:
        return sides.of_files(base, head)
    if len(files) != 2 or base or head:  # noqa: PLR2004 (base and head)
        raise ReportError(
            f"{len(files):,} files{' with --base or --head' if base or head else ''}: "
            "name two, BASE.csv HEAD.csv, or several for each side: --base A.csv B.csv --head C.csv D.csv"
        )
    return sides.of_files(files[:1], files[1:])
