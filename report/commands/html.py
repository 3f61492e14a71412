"""`python -m report html`: a run, or what changed between two, as a page to open in a browser.

python -m report html RUN.csv
python -m report html BASE.csv HEAD.csv
python -m report html results/duels/<UTC>-<commit>/
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report.commands import arguments
from report.compare import sides
from report.compare.comparison import compare
from report.errors import ReportError
from report.pages import comparison, saving

USAGE = "python -m report html [options] RUN.csv | BASE.csv HEAD.csv | DUEL"


def add_to(commands: Any) -> None:
    """Add the command `html` to the parser's commands."""
    html = commands.add_parser("html", help="write a page: of a run, of what changed, or of a duel", usage=USAGE)
    html.add_argument(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="the CSV of a run; those of base and head; or what a duel left: its folder, verdicts.csv or verdicts.json",
    )
    html.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: beside the last file, with .html")
    arguments.add_rules(html)
    html.set_defaults(command=_main, threshold=None)


def _main(options: argparse.Namespace) -> int:
    page, default = _page(options), saving.path_beside(options.files[-1])
    print(saving.save(page, options.output or default))
    return 0


def _page(options: argparse.Namespace) -> str:
    files = options.files
    if len(files) > 2:  # noqa: PLR2004 (base and head)
        raise ReportError(f"{len(files)} files: a page is of one run, or of BASE.csv and HEAD.csv")
    if len(files) == 2:  # noqa: PLR2004
        found = compare(sides.of_files(files[:1], files[1:]), arguments.rules(options))
        return comparison.page(found, "comparison.csv")
    return saving.page_of(files[0], options.threshold)
