"""`python -m report plot`: the picture of a run, as PNG or SVG.

python -m report plot RUN.csv -o RUN.png
python -m report plot --figure loss RUN.csv -o LOSS.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

from report import table
from report.commands.arguments import Commands
from report.write.charts import picture


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("plot", help="draw time per step over batch size, or loss over time")
    parser.add_argument(
        "--figure",
        choices=picture.FIGURES,
        default=picture.TIME,
        help="time: time per step over batch size; loss: loss over time, of each optimizer in the backend that reaches "
        "the target first, from a run with --loss-curve (default: time)",
    )
    parser.add_argument("run", metavar="RUN.csv", type=Path)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="a .png or .svg")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture, print its path, and return the exit code."""
    picture.save(table.read(options.run), options.output, (options.run,), options.figure)
    print(options.output)
    return 0
