"""`python -m report trend`: each case over many runs, and where it changed for good.

python -m report trend results/history/
python -m report trend results/history/ -o trend.html
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from report.commands.arguments import Commands, share
from report.history import series
from report.pages import trend as trend_page
from report.write import output
from report.write.text import trend as trend_text


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("trend", help="follow each case over many runs, and report where it changed")
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="CSVs of runs, or folders of such CSVs")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a page, such as trend.html")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    parser.add_argument(
        "--threshold",
        metavar="PERCENT",
        type=share,
        default=series.THRESHOLD,
        help=f"the smallest change that is reported (default: {100 * series.THRESHOLD:g}%%)",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the history or write its page, and return the exit code."""
    history = series.read(options.paths, options.threshold)
    if options.output is not None:
        print(output.write_text(options.output, trend_page.page(history), options.paths))
        return 0
    width = shutil.get_terminal_size().columns if options.format == "text" else None
    print(trend_text.text(history, width), end="")
    return 0
