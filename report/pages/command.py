"""`python -m report html`: a run, or what changed between two, as a page to open in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report.pages import run


def add_to(commands: Any) -> None:
    """Add the command `html` to the parser's commands."""
    html = commands.add_parser("html", help="write a page to open in a browser: of a run, or of what changed")
    html.add_argument("files", metavar="CSV", type=Path, nargs="+", help="RUN.csv")
    html.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: beside the CSV, with .html")
    html.set_defaults(command=_main)


def _main(options: argparse.Namespace) -> int:
    path = options.output or options.files[0].with_suffix(".html")
    path.write_text(run.page(options.files[0]), encoding="utf-8")
    print(path)
    return 0
