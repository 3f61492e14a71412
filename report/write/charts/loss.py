"""The loss over time, both axes logarithmic: a line for each optimizer in a backend.

A line joins descents that are longer and longer. Each was timed by itself, so on a noisy machine it may turn back.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from report.run import losses
from report.run.losses import Curve
from report.write import sections
from report.write.charts import base
from report.write.charts.base import ChartError

DASHES = {"sgd": [1, 0], "momentum": [8, 4], "adam": [2, 3], "lbfgs": [10, 3, 2, 3]}
"""How the line of an optimizer is drawn. Colour and shape are the backend's."""

POWERS = f"abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-6 ? {base.SECONDS} : ''"
"""Labels at the powers of ten alone: a logarithmic axis has ticks between them."""

TARGET = 0.01
"""Where the dashed line is: the share that is left at the target."""


def panel() -> dict[str, Any]:
    """Return the specification of a page's panel. The page hands in the points as `DATA`, and the names as `LABELS`."""
    alt = base.altair()
    encodings = base.from_rows() | {"strokeDash": _dashes(None)}
    layers = _layers(encodings)
    for layer in layers:
        layer.data = alt.NamedData(base.DATA)
    names = alt.Chart(alt.NamedData(base.LABELS)).mark_text(align="left", dx=9, fontSize=12, clip=False)
    text = names.encode(x="seconds:Q", y="left:Q", text="line:N", color=encodings["color"])
    return base.specification(alt.layer(*layers, text, _target()).properties(height=380))


def chart(rows: pd.DataFrame) -> Any:
    """Return the Altair chart of cases, with a panel for each batch size of each race.

    Each optimizer is drawn in the backend that reaches the target first. Raise `ChartError` if no case has a curve.
    """
    alt = base.altair()
    rows = rows.reset_index(drop=True)
    points = _points(losses.firsts(losses.curves(rows)), _titles(rows))
    if points.empty:
        raise ChartError("no case of the run has a loss over time: measure it with --loss-curve")
    dashes = _dashes(alt.Legend(title="optimizer", symbolType="stroke", symbolSize=600))
    times = {"labelExpr": POWERS, "tickCount": 10, "gridOpacity": 0.4}
    ticks = {"x": times, "y": {"values": base.decades(points["left"])}}
    layers = _layers(base.legend(points["backend"]) | {"strokeDash": dashes}, ticks)
    panels = alt.layer(*layers, _target(), data=points).properties(width=460, height=320)
    facet = alt.Facet("panel:N", title=None, sort=[*dict.fromkeys(points["panel"])])
    return panels.facet(facet=facet, columns=2).resolve_scale(x="independent")


def _titles(rows: pd.DataFrame) -> dict[int, str]:
    """Return the title of each race: that of its plain descent."""
    titles = sections.titles(rows.assign(optimizer="sgd"))
    return dict(zip(losses.races(rows), titles, strict=True))


def _points(drawn: list[Curve], titles: dict[int, str]) -> pd.DataFrame:
    """Return the points that the axes can show."""
    return pd.DataFrame(
        {
            "panel": f"{titles[curve.race]}, batch {curve.batch_size:,}",
            "line": f"{curve.optimizer}, {curve.backend}",
            "optimizer": curve.optimizer,
            "backend": curve.backend,
            "seconds": seconds,
            "left": left,
            "order": order,
        }
        for curve in drawn
        for order, (seconds, left) in enumerate(curve.points)
        if seconds > 0 and left >= losses.LEAST
    )


def _dashes(legend: Any) -> Any:
    alt = base.altair()
    scale = alt.Scale(domain=[*DASHES], range=[*DASHES.values()])
    return alt.StrokeDash("optimizer:N", scale=scale, sort=[*DASHES], legend=legend)


def _target() -> Any:
    return base.dashed_line().encode(y=base.altair().datum(TARGET))


def _layers(encodings: dict[str, Any], ticks: dict[str, Any] | None = None) -> list[Any]:
    """Return the lines and the points, without data. `ticks` are arguments of the axes `x` and `y`."""
    alt, ticks = base.altair(), ticks or {}
    log = alt.Scale(type="log", nice=False, padding=16)
    time = {"title": "time since the descent began", "labelExpr": base.SECONDS} | ticks.get("x", {})
    left = {"title": "left of the way down", "labelExpr": base.SHARE} | ticks.get("y", {})
    x, y = alt.X("seconds:Q", scale=log, axis=alt.Axis(**time)), alt.Y("left:Q", scale=log, axis=alt.Axis(**left))
    chart = alt.Chart().encode(x=x, y=y, color=encodings["color"])
    lines = chart.mark_line(strokeWidth=2).encode(strokeDash=encodings["strokeDash"], detail="line:N", order="order:Q")
    return [lines, chart.mark_point(size=50, filled=True, opacity=1, tooltip=True).encode(shape=encodings["shape"])]
