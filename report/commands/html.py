"""`python -m report html`: a run, or what changed between two, as a page to open in a browser.

python -m report html RUN.csv
python -m report html BASE.csv HEAD.csv
python -m report html results/duels/<UTC>-<commit>/
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report.commands import compare
from report.compare import sides
from report.pages import comparison, run
from report.table.reader import TableError
from report.write import compare_data

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
    compare.add_rules(html)
    html.set_defaults(command=_main, threshold=None)


def _main(options: argparse.Namespace) -> int:
    print(write(_page(options), options.output or _beside(options.files[-1])))
    return 0


def beside(source: Path) -> str:
    """Write the page of a run, or of a duel's folder, beside it; return its path, or in a line how to get one."""
    try:
        return str(write(_of_one(source), _beside(source)))
    except TableError as error:
        return f"no page: {error}"


def _beside(source: Path) -> Path:
    return source / "verdicts.html" if source.is_dir() else source.with_suffix(".html")


def write(text: str, path: Path) -> Path:
    """Write a page, and return its path; raises `TableError` where that cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TableError(f"{path}: {error.strerror}") from error
    return path


def _page(options: argparse.Namespace) -> str:
    files = options.files
    if len(files) > 2:  # noqa: PLR2004 (base and head)
        raise TableError(f"{len(files)} files: a page is of one run, or of BASE.csv and HEAD.csv")
    if len(files) == 2:  # noqa: PLR2004
        found = compare.compare(sides.of_files(files[:1], files[1:]), compare.rules(options))
        return comparison.page(found, "comparison.csv")
    return _of_one(files[0], options.threshold)


def _of_one(path: Path, threshold: float | None = None) -> str:
    if _is_run(path):
        return run.page(path)
    return comparison.page(compare_data.read(path, threshold), "verdicts.csv")


def _is_run(path: Path) -> bool:
    """Return whether the file is to be read as a run: all are that do not begin as a comparison does."""
    if path.is_dir() or path.suffix == ".json":
        return False
    if not path.is_file():
        return True
    with path.open("rb") as file:
        header = file.readline().decode(errors="replace").strip().split(",")
    return "verdict" not in header
