"""`python -m report show`: print the summary of a run again, by default that of the newest run.

python -m report show
python -m report show RUN.csv --format markdown
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from report import table
from report.commands.arguments import Commands
from report.errors import ReportError
from report.write import benchmark_action
from report.write.text import summary

RESULTS = Path(__file__).resolve().parent.parent.parent / "results"
FILES = {"markdown": summary.markdown, "github-action-benchmark": benchmark_action.as_json}
FORMATS = ("text", *FILES)


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("show", help="print the summary of a run again")
    parser.add_argument(
        "run", metavar="RUN.csv", type=Path, nargs="?", help="the run (default: the newest in results/)"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the summary, and return the exit code."""
    path = options.run or newest(RESULTS)
    if path is None:
        raise ReportError(f"{RESULTS}: no runs yet; measure something: pytest bench/ --benchmark-only")
    frame = table.read(path)
    if options.format in FILES:
        print(FILES[options.format](frame), end="")
    else:
        print(path)
        print(summary.text(frame, shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    return 0


def newest(folder: Path) -> Path | None:
    """Return the CSV in `folder` that was written last; `None` if there is none."""
    return max(folder.glob("*.csv"), key=lambda path: path.stat().st_mtime, default=None)
