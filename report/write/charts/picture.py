"""The picture of a run, as `report plot` writes it: time per step over batch size, a line a backend.

It is a PNG or an SVG, by the ending of the file. No browser is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from report.run import cases
from report.write import output, palette, sections
from report.write.charts import base, curves
from report.write.charts.base import ChartError

ENDINGS = (".png", ".svg")
COLUMNS = ("backend", "batch_size", "seconds_per_step", "step_low", "step_high")


def save(frame: pd.DataFrame, path: Path, inputs: Iterable[Path] = ()) -> None:
    """Write the picture of the rows of a run.

    Raises `ChartError` for another ending, where no case has a time, or if the file cannot be written. Raises
    `ReportError` if the file is an input, or if the project did not make it.
    """
    if path.suffix not in ENDINGS:
        raise ChartError(f"{path}: the file of a picture ends in {' or '.join(ENDINGS)}")
    rows = cases.timed(cases.from_rows(frame))
    if rows.empty:
        raise ChartError("no case of the run has a time: there is nothing to draw")
    output.refuse_foreign(path, inputs)
    try:
        chart(rows).save(path, ppi=144)
    except OSError as error:
        raise ChartError(f"{path}: {error.strerror}") from error


def chart(rows: pd.DataFrame) -> Any:
    """Return the Altair chart of cases that have a time, with a panel for each group of cases."""
    alt = base.altair()
    shown = rows.assign(panel=sections.titles(rows))[["panel", *COLUMNS]].astype({"backend": "str"})
    seconds = shown[["seconds_per_step", "step_low", "step_high"]].to_numpy()
    ticks = {"x": {"values": _decades(rows["batch_size"])}, "y": {"values": _decades(seconds)}}
    layers = curves.curves(curves.TIME, _legend(shown["backend"]), ticks)
    panels = layers.properties(width=560, height=380, data=shown)
    return panels.facet(facet=alt.Facet("panel:N", title=None), columns=2)


def _legend(backends: Iterable[str]) -> dict[str, Any]:
    """Return the encodings of colour and shape, with a legend that names the backends."""
    alt, looks = base.altair(), palette.looks(backends)
    legend = alt.Legend(title="backend", symbolOpacity=1)
    colours = alt.Scale(domain=[*looks], range=[look.light for look in looks.values()])
    shapes = alt.Scale(domain=[*looks], range=[look.shape for look in looks.values()])
    return {
        "color": alt.Color("backend:N", scale=colours, sort=[*looks], legend=legend),
        "shape": alt.Shape("backend:N", scale=shapes, sort=[*looks], legend=legend),
    }


def _decades(values: Any) -> list[float]:
    """Return the powers of ten from below the smallest of the values to above the largest."""
    low, high = np.log10([np.nanmin(values), np.nanmax(values)])
    return [float(10.0**power) for power in range(math.floor(low), math.ceil(high) + 1)]
