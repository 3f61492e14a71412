"""`python -m report show`: print the summary of a run again, by default that of the newest run.

python -m report show
python -m report show RUN.csv --format markdown
python -m report show RUN.csv --relative-to jax-jit
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import pandas as pd

from report import table
from report.commands.arguments import Commands
from report.errors import ReportError
from report.run import relative
from report.write import benchmark_action
from report.write.text import summary

RESULTS = Path(__file__).resolve().parent.parent.parent / "results"
FORMATS = ("text", "markdown", "github-action-benchmark")


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("show", help="print the summary of a run again")
    parser.add_argument(
        "run", metavar="RUN.csv", type=Path, nargs="?", help="the run (default: the newest in results/)"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument(relative.FLAG, metavar="BACKEND", help=relative.HELP)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the summary, and return the exit code."""
    path = options.run or newest(RESULTS)
    if path is None:
        raise ReportError(f"{RESULTS}: no runs yet; measure something: pytest bench/ --benchmark-only")
    frame = table.read(path)
    if options.relative_to:
        if options.format == "github-action-benchmark":
            raise ReportError(f"{relative.FLAG}: --format {options.format} has times, and no quotients")
        relative.require(options.relative_to, frame["backend"])
    if options.format == "github-action-benchmark":
        print(benchmark_action.as_json(frame), end="")
    elif options.format == "markdown":
        print(summary.markdown(frame, options.relative_to), end="")
    else:
        show(frame, str(path), options.relative_to)
    return 0


def show(frame: pd.DataFrame, title: str, relative_to: str | None = None) -> None:
    """Print the title, and the summary of the rows as wide as the terminal."""
    print(title)
    width, colour = shutil.get_terminal_size().columns, sys.stdout.isatty()
    print(summary.text(frame, width, relative_to, colour=colour), end="")


def newest(folder: Path) -> Path | None:
    """Return the CSV in `folder` that was written last; `None` if there is none."""
    return max(folder.glob("*.csv"), key=lambda path: path.stat().st_mtime, default=None)
