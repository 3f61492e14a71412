"""`python -m report`: what the result CSVs say.

Exit codes: 0, the report was made; 1, `compare` found a case that regressed, failed or is missing; 2, the input is
unusable.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from report import table
from report.commands import best, compare, costs, noise, plot, show, trend
from report.commands import html as pages
from report.errors import ReportError
from report.write import action

WRITTEN = {"markdown": show.markdown, "github-action-benchmark": action.as_json}
FORMATS = ("text", *WRITTEN)
RESULTS = Path(__file__).resolve().parent.parent / "results"


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m report", description="Reports from result CSVs.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = commands.add_parser("show", help="print the summary of a run again")
    shown.add_argument(
        "run", metavar="RUN.csv", type=Path, nargs="?", help="the run; by default the newest in results/"
    )
    shown.add_argument("--format", choices=FORMATS, default="text")
    shown.set_defaults(command=_show)
    best.add_to(commands)
    costs.add_to(commands)
    compare.add_to(commands)
    noise.add_to(commands)
    plot.add_to(commands)
    pages.add_to(commands)
    trend.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.command(options))
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2


def _show(options: argparse.Namespace) -> int:
    path = options.run or show.newest(RESULTS)
    if path is None:
        raise table.TableError(f"{RESULTS}: no runs yet; make one with: pytest bench/ --benchmark-only")
    frame = table.read(path)
    if options.format in WRITTEN:
        print(WRITTEN[options.format](frame), end="")
    else:
        print(path)
        print(show.text(frame, shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
