"""`python -m report costs`: where the time goes.

python -m report costs RUN.csv
python -m report costs --against jax-jit --batch-size 100 RUN.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import pandas as pd

from report import table
from report.commands.arguments import Commands
from report.errors import ReportError, short
from report.run import cases
from report.run.costs import Costs, cost_table
from report.statistics.linear_cost import MIN_BATCH_SIZES
from report.table.keys import CONTROL
from report.write.sections import FORMATS
from report.write.text import costs

EPILOG = f"""\
For each backend:
- the overhead of a step and the cost per element of the batch, fitted to the
  times at {MIN_BATCH_SIZES} batch sizes or more
- from which batch size on it is faster than another backend, by the measured
  points alone
- after how many calls its start and its compilation have paid back against
  hand-derived NumPy

csv and json have one row per case, with all figures.
"""


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "costs", help="where the time goes", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="RUN.csv", type=Path, nargs="+", help="the run, or several runs")
    parser.add_argument(
        "--against", metavar="BACKEND", default=CONTROL, help=f"faster than which backend (default: {CONTROL})"
    )
    parser.add_argument(
        "--batch-size", metavar="N", type=int, help="batch size of the payback (default: the largest of each table)"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the costs, and return the exit code."""
    frame = table.read_all(options.files)
    every = cases.from_rows(frame)
    if options.against != CONTROL:  # NumPy needs no row of its own: a row has its ratio to NumPy
        _require(every, "backend", options.against, "--against")
    if options.batch_size is not None:
        _require(every, "batch_size", options.batch_size, "--batch-size")
    rows = cost_table(every, options.against)
    found = Costs(rows, every, cases.mixed(frame), options.against, options.batch_size)
    width = shutil.get_terminal_size().columns
    print(costs.write(found, options.format, width, colour=sys.stdout.isatty()), end="")
    return 0


def _require(every: pd.DataFrame, column: str, value: object, option: str) -> None:
    """Raise `ReportError` unless a case has this value in the column."""
    if not (every[column] == value).any():
        values = ", ".join(map(str, sorted(every[column].unique())))
        raise ReportError(f"{option} {short(str(value))}: no row has it; found {values}")
