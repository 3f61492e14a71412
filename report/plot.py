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

COLOURS = {
    "numpy": "#222222",
    "numpy-inplace": "#999999",
    "autograd": "#e69f00",
    "jax-grad": "#56b4e9",
    "jax-jit": "#0072b2",
    "jax-loop": "#003d66",
    "torch-sgd": "#cc79a7",
    "torch-grad": "#d55e00",
    "torch-func": "#f0a070",
    "torch-compile": "#8b1a1a",
    "torch-fused": "#f4b8a0",
    "jax-scan": "#8fbcd4",
    "jax-revrev": "#5a7fa0",
    "autograd-fwdrev": "#b87f00",
}
"""One colour a backend, everywhere: hues that the colour-blind can tell for the frameworks, shades for their modes."""

OTHERS = ("#009e73", "#66c2a5", "#b8a000", "#7f5fa8")
"""For backends that the project does not come with."""

ENDINGS = (".png", ".svg")


class PlotError(table.TableError):
    """A picture that cannot be made; its text says why and what to do."""


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
    """Write the picture of a run to `path`. Raises `PlotError` for another ending, or where nothing was timed."""
    if path.suffix not in ENDINGS:
        raise PlotError(f"{path}: a picture ends in {' or '.join(ENDINGS)}")
    done = table.timed(frame)
    if done.empty:
        raise PlotError("no case of the run has a time: there is nothing to draw")
    chart(done).save(path, ppi=144)


def chart(done: pd.DataFrame) -> Any:
    """Return the Altair chart of the rows that have a time, a panel for each problem, operator, dtype and device."""
    try:
        import altair as alt  # noqa: PLC0415 (of an extra)
    except ImportError as error:
        raise PlotError("pictures need Altair: pip install -c constraints.txt '.[report]'") from error
    rows = _points(done)
    names = sorted(rows["backend"].unique(), key=lambda name: (not name.startswith("numpy"), name))
    scale = alt.Scale(domain=names, range=[_colour(name, names) for name in names])
    sizes = alt.X(
        "batch_size:Q",
        scale=alt.Scale(type="log", nice=False, padding=16),
        axis=alt.Axis(values=_decades(rows["batch_size"]), title="batch size"),
    )
    axis = alt.Axis(values=_decades(pd.concat([rows["step"], rows["low"], rows["high"]])), title="time per step (µs)")
    scaled = alt.Scale(type="log", nice=False, padding=16)
    time = alt.Y("step:Q", scale=scaled, axis=axis)
    colour = alt.Color("backend:N", scale=scale, sort=names, legend=alt.Legend(title="backend", symbolOpacity=1))
    base = alt.Chart(rows).encode(x=sizes, color=colour)
    lines = base.mark_line(strokeWidth=2).encode(y=time)
    points = base.mark_point(size=45, filled=True, opacity=1).encode(y=time, shape=alt.Shape("framework:N"))
    whiskers = base.mark_rule(strokeWidth=6, opacity=0.35).encode(y=alt.Y("low:Q", axis=axis), y2="high:Q")
    panel = alt.layer(lines, whiskers, points).properties(width=560, height=380)
    return panel.facet(facet=alt.Facet("panel:N", title=None), columns=2)


def _decades(values: pd.Series) -> list[float]:
    """Return the powers of ten from below the smallest of the values to above the largest."""
    ends = np.log10([values.min(), values.max()])
    return [float(10.0**power) for power in range(math.floor(ends[0]), math.ceil(ends[1]) + 1)]


def _points(done: pd.DataFrame) -> pd.DataFrame:
    """Return one row a case: microseconds a step with the ends of its interval, and the panel it belongs to."""
    text = done.astype(dict.fromkeys(("problem", "operator", "dtype", "device", "backend"), "str"))
    panel = text["problem"] + ": " + text["operator"] + ", " + text["dtype"] + ", " + text["device"]
    steps = done["seconds_median"] / done["seconds_per_step"]
    rows = pd.DataFrame(
        {
            "panel": panel,
            "backend": text["backend"],
            "framework": text["backend"].str.partition("-")[0],
            "batch_size": done["batch_size"],
            "step": 1e6 * done["seconds_per_step"],
            "low": 1e6 * done["seconds_ci_low"] / steps,
            "high": 1e6 * done["seconds_ci_high"] / steps,
        }
    )
    return rows.groupby(["panel", "backend", "framework", "batch_size"], as_index=False).median()


def _colour(name: str, names: list[str]) -> str:
    strangers = [other for other in names if other not in COLOURS]
    return COLOURS.get(name) or OTHERS[strangers.index(name) % len(OTHERS)]
