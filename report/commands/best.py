"""`python -m report best`: which backend is the fastest, and by how much.

python -m report best RUN.csv
python -m report best --format csv RUN.csv MORE.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from report import table
from report.commands.arguments import Commands
from report.run.decisions import decide
from report.write.sections import FORMATS
from report.write.text import decisions

EPILOG = """\
For each problem, operator, batch size, dtype and device, best names the fastest
of the backends whose answers are right, and how many times as long the
runner-up takes. If the interval of the quotient of two backends holds 1, in
time or in the ratio to NumPy, they are not separated. Without a ratio, only
time counts. Then best names all that may be the fastest, the lowest time first.
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
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the decision table, and return the exit code."""
    found, width = decide(table.read_all(options.files)), shutil.get_terminal_size().columns
    print(decisions.write(found, options.format, width, colour=sys.stdout.isatty()), end="")
    return 0
