"""`python -m report noise`: what a gate can see on this machine, and how often it raises a false alarm.

python -m report noise samples.csv --threshold 3%
python -m report noise RUN.csv
python -m report noise RUN.csv --keep
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from report import table
from report.commands.arguments import Commands, share
from report.compare import noise_floor
from report.compare.comparison import COMPARE_THRESHOLD
from report.compare.noise_floor import Kind
from report.errors import ReportError
from report.run import launch_noise
from report.statistics import duel_rules
from report.write.text import noise

THRESHOLDS = {Kind.DUEL: duel_rules.THRESHOLD, Kind.COMPARISON: COMPARE_THRESHOLD}

EPILOG = "Exit codes: 0, reported; 2, the data are unusable, or --threshold is tighter than the noise floor."


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("noise", help="what a gate can see on this machine", epilog=EPILOG)
    parser.add_argument("files", metavar="CSV", type=Path, nargs="+", help="samples of A/A duels, or CSVs of runs")
    parser.add_argument(
        "--threshold",
        type=share,
        metavar="PERCENT",
        help=f"threshold of the gate (default: {100 * duel_rules.THRESHOLD:g}%% for duels, "
        f"{100 * COMPARE_THRESHOLD:g}%% for runs)",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep what the launches of the runs differ by, for the intervals of single launches on this machine",
    )
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the noise, and return the exit code."""
    found = noise_floor.of_files(options.files, options.threshold)
    threshold = options.threshold or THRESHOLDS[found.kind]
    if options.threshold is not None and threshold < found.floor:
        print(f"report: {noise.refusal(found, threshold)}", file=sys.stderr)
        return 2
    width = shutil.get_terminal_size().columns if options.format == "text" else None
    print(noise.text(found, threshold, width), end="")
    if options.keep:
        if found.kind is not Kind.COMPARISON:
            raise ReportError("--keep: needs runs of several launches, not the samples of a duel")
        kept = launch_noise.estimated(table.read_all(options.files))
        launch_noise.keep(kept)
        print(noise.kept(kept))
    return 0
