"""The picture of a run, as `report plot` writes it: time per step over batch size, a line a backend; or loss over time.

It is a PNG or an SVG, by the ending of the file. No browser is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from report.run import cases
from report.write import output, sections
from report.write.charts import base, curves, loss
from report.write.charts.base import ChartError

ENDINGS = (".png", ".svg")
TIME, LOSS = FIGURES = ("time", "loss")
COLUMNS = ("backend", "batch_size", "seconds_per_step", "step_low", "step_high")


def save(frame: pd.DataFrame, path: Path, inputs: Iterable[Path] = (), figure: str = TIME) -> None:
    """Write a picture of the rows of a run: one of `FIGURES`.

    Raises `ChartError` for another ending, where no case has a time or a curve, or if the file cannot be written.
    Raises `ReportError` if the file is an input, or if the project did not make it.
    """
    if path.suffix not in ENDINGS:
        raise ChartError(f"{path}: the file of a picture ends in {' or '.join(ENDINGS)}")
    rows = cases.timed(cases.from_rows(frame))
    if rows.empty:
        raise ChartError("no case of the run has a time: there is nothing to draw")
    drawn = loss.chart(rows) if figure == LOSS else chart(rows)
    output.refuse_foreign(path, inputs)
    try:
        drawn.save(path, ppi=144)
    except OSError as error:
        raise ChartError(f"{path}: {error.strerror}") from error


def chart(rows: pd.DataFrame) -> Any:
    """Return the Altair chart of cases that have a time, with a panel for each group of cases."""
    alt = base.altair()
    shown = rows.assign(panel=sections.titles(rows))[["panel", *COLUMNS]].astype({"backend": "str"})
    seconds = shown[["seconds_per_step", "step_low", "step_high"]].to_numpy()
    ticks = {"x": {"values": base.decades(rows["batch_size"])}, "y": {"values": base.decades(seconds)}}
    layers = curves.curves(curves.TIME, base.legend(shown["backend"]), ticks)
    panels = layers.properties(width=560, height=380, data=shown)
    return panels.facet(facet=alt.Facet("panel:N", title=None), columns=2)
