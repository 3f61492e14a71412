"""`python -m report plot`: the picture of a run, as PNG or SVG.

python -m report plot RUN.csv -o RUN.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

from report import table
from report.commands.arguments import Commands
from report.write.charts import picture


def add_to(commands: Commands) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("plot", help="draw time per step over batch size")
    parser.add_argument("run", metavar="RUN.csv", type=Path)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="a .png or .svg")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture, print its path, and return the exit code."""
    picture.save(table.read(options.run), options.output, (options.run,))
    print(options.output)
    return 0
