"""`python -m report best`: which backend is the fastest, and by how much.

python -m report best RUN.csv
python -m report best --format csv RUN.csv MORE.csv
python -m report best --by time-to-target RUN.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from report import table
from report.commands.arguments import Commands
from report.run.decisions import decide
from report.run.targets import targets
from report.write.sections import FORMATS
from report.write.text.best import decisions
from report.write.text.best import targets as targets_text

TIME, TO_TARGET = "time", "time-to-target"

EPILOG = """\
For each problem, operator, batch size, dtype and device, best names the fastest
of the backends whose answers are right, and how many times as long the
runner-up takes. If the interval of the quotient of two backends holds 1, in
time or in the ratio to NumPy, they are not separated. Without a ratio, only
time counts. Then best names all that may be the fastest, the lowest time first.

By time-to-target, the optimizers stand side by side, each in the backend that
brings it to the target first: with the measured time of the shortest descent
that gets there, its steps, and the learning rate.
"""


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "best",
        help="which backend is the fastest, and by how much",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="RUN.csv", type=Path, nargs="+", help="the run, or several runs")
    parser.add_argument("--by", choices=(TIME, TO_TARGET), default=TIME, help="what counts (default: time)")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the decision table, and return the exit code."""
    frame, width, colour = table.read_all(options.files), shutil.get_terminal_size().columns, sys.stdout.isatty()
    if options.by == TO_TARGET:
        print(targets_text.write(targets(frame), options.format, width, colour=colour), end="")
    else:
        print(decisions.write(decide(frame), options.format, width, colour=colour), end="")
    return 0
