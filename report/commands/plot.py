"""The picture of a run: time per step over batch size, both logarithmic, a line a backend.

Made with Altair, of the extra `[report]`; PNG or SVG, by the file's ending, without a browser.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from report import table
from report.run import cases
from report.write import charts, sections
from report.write.charts import ChartError

ENDINGS = (".png", ".svg")


def add_to(commands: Any) -> None:
    """Add the command `plot` to the parser's commands."""
    plot = commands.add_parser("plot", help="draw time per step over batch size")
    plot.add_argument("run", metavar="RUN.csv", type=Path)
    plot.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="a .png or .svg")
    plot.set_defaults(command=_main)


def _main(options: argparse.Namespace) -> int:
    save(table.read(options.run), options.output)
    print(options.output)
    return 0


def save(frame: pd.DataFrame, path: Path) -> None:
    """Write the picture of a run to `path`. Raises `ChartError` for another ending, or where nothing was timed."""
    if path.suffix not in ENDINGS:
        raise ChartError(f"{path}: a picture ends in {' or '.join(ENDINGS)}")
    rows = cases.timed(cases.from_rows(frame))
    if rows.empty:
        raise ChartError("no case of the run has a time: there is nothing to draw")
    chart(rows).save(path, ppi=144)


def chart(rows: pd.DataFrame) -> Any:
    """Return the Altair chart of the cases that have a time, a panel for each problem, operator, dtype and device."""
    shown = rows.assign(panel=sections.titles(rows))[
        ["panel", "backend", "batch_size", "seconds_per_step", "step_low", "step_high"]
    ]
    seconds = shown[["seconds_per_step", "step_low", "step_high"]].to_numpy()
    ticks = {"x": {"values": decades(rows["batch_size"])}, "y": {"values": decades(seconds)}}
    return charts.picture(shown.astype({"backend": "str"}), ticks)


def decades(values: Any) -> list[float]:
    """Return the powers of ten from below the smallest of the values to above the largest."""
    ends = np.log10([np.nanmin(values), np.nanmax(values)])
    return [float(10.0**power) for power in range(math.floor(ends[0]), math.ceil(ends[1]) + 1)]
