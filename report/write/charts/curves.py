"""Curves over batch size, both axes logarithmic: a line a backend, with its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from report.write.charts import base


@dataclass(frozen=True)
class Figure:
    """What a chart shows: a column and the columns of its interval, the title and the labels of its axis.

    `line` is the value at which the chart has a dashed line, if any.
    """

    column: str
    title: str
    labels: str
    low: str = ""
    high: str = ""
    line: float | None = None


TIME = Figure("seconds_per_step", "time per step", base.SECONDS, "step_low", "step_high")
RATIO = Figure("ratio_to_numpy", "ratio to NumPy", base.RATIO, "ratio_ci_low", "ratio_ci_high", 1.0)
GRADIENT = Figure(
    "gradient_over_value",
    "gradient over value",
    base.RATIO,
    "gradient_over_value_ci_low",
    "gradient_over_value_ci_high",
)
LIMIT = Figure("roofline_fraction", "share of the machine's limit", base.SHARE, line=1.0)
MEMORY = Figure("peak_bytes", "peak memory", base.BYTES)


def curves(figure: Figure, encodings: dict[str, Any], ticks: dict[str, Any] | None = None) -> Any:
    """Return the chart of a figure, without data.

    `encodings` are those of colour and shape, `ticks` the arguments of the axes `x` and `y`.
    """
    alt, ticks = base.altair(), ticks or {}
    axis = alt.Axis(labelExpr=figure.labels, title=figure.title, **ticks.get("y", {}))
    x = alt.X(
        "batch_size:Q",
        scale=_log(alt),
        axis=alt.Axis(title="batch size", format=",d", tickCount=8, **ticks.get("x", {})),
    )
    y = alt.Y(f"{figure.column}:Q", scale=_log(alt), axis=axis)
    chart = alt.Chart().encode(x=x, color=encodings["color"], detail="backend:N")
    layers = [chart.mark_line(strokeWidth=2).encode(y=y)]
    if figure.low:
        low = alt.Y(f"{figure.low}:Q", axis=axis, scale=_log(alt))
        layers.append(chart.mark_rule(strokeWidth=6, opacity=0.3, tooltip=True).encode(y=low, y2=f"{figure.high}:Q"))
    points = chart.mark_point(size=60, filled=True, opacity=1, tooltip=True).encode(y=y, shape=encodings["shape"])
    return alt.layer(*layers, points)


def panel(figure: Figure) -> dict[str, Any]:
    """Return the specification of a page's panel: the curves, the backends' names at their ends, and a dashed line.

    The page hands in the rows as `DATA`, the names as `LABELS`, and where a backend passes NumPy as `MARKS`.
    """
    alt = base.altair()
    layers = curves(figure, base.from_rows()).layer
    for layer in layers:
        layer.data = alt.NamedData(base.DATA)
    y, color = alt.Y(f"{figure.column}:Q"), base.from_rows()["color"]
    names = alt.Chart(alt.NamedData(base.LABELS)).mark_text(align="left", dx=9, fontSize=12, clip=False)
    layers.append(names.encode(x="batch_size:Q", y=y, text="backend:N", color=color))
    if figure.line is not None:
        layers.append(base.dashed_line().encode(y=alt.datum(figure.line)))
    if figure is RATIO:
        marks = alt.Chart(alt.NamedData(base.MARKS)).encode(x="batch_size:Q", y=y, color=color)
        layers.append(marks.mark_point(shape="cross", size=140, angle=45, filled=True, opacity=1, tooltip=True))
        layers.append(marks.mark_text(align="left", angle=315, dx=10, dy=-4, fontSize=12).encode(text="name:N"))
    return base.specification(alt.layer(*layers).properties(height=380))


def _log(alt: Any) -> Any:
    return alt.Scale(type="log", nice=False, padding=16)
