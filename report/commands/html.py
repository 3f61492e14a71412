"""`python -m report html`: the page of a run, or of what changed between two runs, for a browser.

python -m report html RUN.csv
python -m report html BASE.csv HEAD.csv
python -m report html results/duels/<UTC>-<commit>/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from report.commands import arguments
from report.commands.arguments import Commands
from report.compare import sides
from report.compare.comparison import compare
from report.errors import ReportError
from report.pages import comparison, saving
from report.write import output

USAGE = "python -m report html [options] RUN.csv | BASE.csv HEAD.csv | DUEL"


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("html", help="write the page of a run, of what changed, or of a duel", usage=USAGE)
    parser.add_argument(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="the CSV of a run; those of base and head; or a duel: its folder, verdicts.csv or verdicts.json",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: the last file, ending in .html")
    arguments.add_rules(parser)
    parser.set_defaults(command=run, threshold=None)


def run(options: argparse.Namespace) -> int:
    """Write the page, print its path, and return the exit code."""
    page, default = _page(options), saving.path_beside(options.files[-1])
    print(output.write_text(options.output or default, page, options.files))
    return 0


def _page(options: argparse.Namespace) -> str:
    files = options.files
    if len(files) > 2:  # noqa: PLR2004 (base and head)
        raise ReportError(f"{len(files)} files: a page shows one run, or BASE.csv and HEAD.csv")
    if len(files) == 2:  # noqa: PLR2004
        result = compare(sides.of_files(files[:1], files[1:]), arguments.rules(options))
        return comparison.page(result, "comparison.csv")
    return saving.page_of(files[0], options.threshold)
