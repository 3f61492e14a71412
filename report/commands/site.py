"""`python -m report site`: a static site of a history, to publish as it is.

python -m report site history/ -o site/
python -m report site history/ -o site/ --noise results/duels/<UTC>-<commit>/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from report.commands.arguments import Commands, share
from report.commands.noise import THRESHOLDS
from report.compare import noise_floor
from report.errors import ReportError
from report.history import runs, series
from report.pages import site
from report.table import schema
from report.write import output

CSV_BEGINS = ",".join(schema.NAMES[:3])
"""How the CSV of a run begins. The site overwrites one that an earlier site has left."""

SAMPLES = "samples.csv"
"""The file in a duel's folder that has its samples."""


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("site", help="write a site: the history, the newest run, what the gate can see")
    parser.add_argument("paths", metavar="HISTORY", type=Path, nargs="+", help="folders of the CSVs of runs, or CSVs")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="where it is written")
    parser.add_argument(
        "--noise",
        metavar="PATH",
        type=Path,
        help="a duel of equal checkouts with --all-pairs: its folder or its samples.csv; or the CSV of many launches",
    )
    parser.add_argument("--gate", metavar="PERCENT", type=share, help="threshold of the gate (default: as of `noise`)")
    parser.add_argument(
        "--threshold",
        metavar="PERCENT",
        type=share,
        default=series.THRESHOLD,
        help=f"the smallest change of the history that is reported (default: {100 * series.THRESHOLD:g}%%)",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Write the site, print its files, and return the exit code. If one of them cannot be made, none is written."""
    folder: Path = options.output
    if any(path.resolve() == folder.resolve() for path in options.paths):
        raise ReportError(f"{folder}: holds the history; name another folder for the site")
    gate = _gate(options.noise, options.gate) if options.noise else None
    files = site.files(runs.read(options.paths), gate, options.threshold)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder}: {error.strerror}") from error
    for name, text in files.items():
        print(output.write_text(folder / name, text, options.paths, begins=CSV_BEGINS))
    return 0


def _gate(path: Path, threshold: float | None) -> site.Gate:
    file = path / SAMPLES if path.is_dir() else path
    noise = noise_floor.of_files([file], threshold)
    return site.Gate(noise, threshold or THRESHOLDS[noise.kind], file.name)
