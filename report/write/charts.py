"""The charts of runs and comparisons, made with Altair: the pictures of `report plot` and the panels of the pages.

A chart is of data that is given, or of data that its page hands in under a name. Then each row brings its own `colour`
and `shape`, since a page has a light and a dark side and its own legend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from report.errors import ReportError
from report.write import palette

DATA, LABELS, MARKS = "cases", "labels", "marks"
"""The names under which a page hands in its rows, the names at the ends of the lines, and the crossings."""

SECONDS = (
    "datum.value == 0 ? '0' : datum.value >= 1 ? format(datum.value, '~r') + ' s' : datum.value >= 1e-3 ? "
    "format(1e3 * datum.value, '~r') + ' ms' : datum.value >= 1e-6 ? format(1e6 * datum.value, '~r') + ' µs' : "
    "format(1e9 * datum.value, '~r') + ' ns'"
)
BYTES = "format(datum.value, '.3~s') + 'B'"
TIMES = "'×' + format(datum.value, ',~r')"
SHARE = "format(100 * datum.value, '~r') + ' %'"


@dataclass(frozen=True)
class Figure:
    """A figure over batch size: its column, those of its interval, its axis, and the value that deserves a line."""

    column: str
    title: str
    label: str
    low: str = ""
    high: str = ""
    line: float | None = None


TIME = Figure("seconds_per_step", "time per step", SECONDS, "step_low", "step_high")
RATIO = Figure("ratio_to_numpy", "ratio to NumPy by hand", TIMES, "ratio_ci_low", "ratio_ci_high", 1.0)
GRADIENT = Figure(
    "gradient_over_value",
    "gradient over value",
    TIMES,
    "gradient_over_value_ci_low",
    "gradient_over_value_ci_high",
)
LIMIT = Figure("roofline_fraction", "share of the machine's limit", SHARE, line=1.0)
MEMORY = Figure("peak_bytes", "peak memory", BYTES)


class ChartError(ReportError):
    """A picture that cannot be made; its text says why and what to do."""


def altair() -> Any:
    """Return Altair, of the extra `[report]`; raises `ChartError` with the remedy where it is not installed."""
    try:
        import altair as alt  # noqa: PLC0415 (of an extra)
        import vl_convert  # noqa: F401, PLC0415 (likewise: it draws, and brings what a page needs)
    except ImportError as error:
        raise ChartError("pictures and pages need Altair: pip install -c constraints.txt '.[report]'") from error
    return alt


def legend(names: Iterable[str]) -> dict[str, Any]:
    """Return the encodings of colour and shape for a picture, whose legend names the backends."""
    alt, found = altair(), palette.looks(names)
    key = alt.Legend(title="backend", symbolOpacity=1)
    shades = alt.Scale(domain=[*found], range=[look.light for look in found.values()])
    shapes = alt.Scale(domain=[*found], range=[look.shape for look in found.values()])
    return {
        "color": alt.Color("backend:N", scale=shades, sort=[*found], legend=key),
        "shape": alt.Shape("backend:N", scale=shapes, sort=[*found], legend=key),
    }


def own() -> dict[str, Any]:
    """Return the encodings of colour and shape for a page, whose rows bring them."""
    alt = altair()
    return {"color": alt.Color("colour:N", scale=None), "shape": alt.Shape("shape:N", scale=None)}


def curves(figure: Figure, encodings: dict[str, Any], ticks: dict[str, Any] | None = None) -> Any:
    """Return the figure over batch size, both logarithmic, a line with its intervals for each backend; without data."""
    alt, ticks = altair(), ticks or {}
    axis = alt.Axis(labelExpr=figure.label, title=figure.title, **ticks.get("y", {}))
    x = alt.X(
        "batch_size:Q",
        scale=_log(alt),
        axis=alt.Axis(title="batch size", format=",d", tickCount=8, **ticks.get("x", {})),
    )
    y = alt.Y(f"{figure.column}:Q", scale=_log(alt), axis=axis)
    base = alt.Chart().encode(x=x, color=encodings["color"], detail="backend:N")
    parts = [base.mark_line(strokeWidth=2).encode(y=y)]
    if figure.low:
        low = alt.Y(f"{figure.low}:Q", axis=axis, scale=_log(alt))
        parts.append(base.mark_rule(strokeWidth=6, opacity=0.3, tooltip=True).encode(y=low, y2=f"{figure.high}:Q"))
    points = base.mark_point(size=60, filled=True, opacity=1, tooltip=True).encode(y=y, shape=encodings["shape"])
    return alt.layer(*parts, points)


def _rule(alt: Any) -> Any:
    """Return a dashed line, once: a mark without data of its own would be drawn for no row, or for each."""
    return alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[6, 4])


def _log(alt: Any) -> Any:
    return alt.Scale(type="log", nice=False, padding=16)


def panel(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite specification of a page's panel: the curves, their names at the ends, and a line.

    Its data are `DATA`, `LABELS` and `MARKS`, which the page hands in.
    """
    alt = altair()
    chart = curves(figure, own()).layer
    for part in chart:
        part.data = alt.NamedData(DATA)
    y = alt.Y(f"{figure.column}:Q")
    names = alt.Chart(alt.NamedData(LABELS)).mark_text(align="left", dx=9, fontSize=12, clip=False)
    parts = [*chart, names.encode(x="batch_size:Q", y=y, text="backend:N", color=own()["color"])]
    if figure.line is not None:
        parts.append(_rule(alt).encode(y=alt.datum(figure.line)))
    if figure is RATIO:
        marks = alt.Chart(alt.NamedData(MARKS)).encode(x="batch_size:Q", y=y, color=own()["color"])
        parts.append(marks.mark_point(shape="cross", size=140, angle=45, filled=True, opacity=1, tooltip=True))
        parts.append(marks.mark_text(align="left", angle=315, dx=10, dy=-4, fontSize=12).encode(text="name:N"))
    spec: dict[str, Any] = alt.layer(*parts).properties(width="container", height=380).to_dict(validate=False)
    return spec


def stack() -> dict[str, Any]:
    """Return the specification of the bars of a page: compile, first call and one step, a bar a backend."""
    alt = altair()
    bars = alt.Chart(alt.NamedData(DATA)).mark_bar(tooltip=True)
    bars = bars.encode(
        x=alt.X("seconds:Q", title="until the first answer, and a step", axis=alt.Axis(labelExpr=SECONDS, tickCount=8)),
        y=alt.Y("backend:N", sort=None, title=None),
        color=alt.Color("colour:N", scale=None),
        opacity=alt.Opacity("opacity:Q", scale=None),
        order="order:Q",
    )
    ends = alt.Chart(alt.NamedData(LABELS)).mark_text(align="left", dx=6, fontSize=11)
    ends = ends.encode(x="seconds:Q", y=alt.Y("backend:N", sort=None), text="text:N")
    chart = alt.layer(bars, ends).properties(width="container")
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec


def forest() -> dict[str, Any]:
    """Return the specification of the forest of a comparison: a line a case, its ratio with the interval.

    The page hands in the rows as `DATA`, and the threshold's band as `MARKS`, which is empty where it is not known.
    """
    alt = altair()
    axis = alt.Axis(title="head over base: right of 1, head is slower", format="~r", orient="top")
    x = alt.X("ratio:Q", axis=axis)
    low = alt.X("low:Q", axis=axis)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260))
    band = alt.Chart(alt.NamedData(MARKS)).mark_rect(opacity=0.12).encode(x=low, x2="high:Q")
    base = alt.Chart(alt.NamedData(DATA)).encode(y=y, color=own()["color"])
    ends = base.mark_rule(strokeWidth=3, tooltip=True).encode(x=low, x2="high:Q")
    points = base.mark_point(size=80, filled=True, opacity=1, tooltip=True).encode(x=x, shape=own()["shape"])
    one = _rule(alt).encode(x=alt.datum(1.0))
    spec: dict[str, Any] = alt.layer(band, one, ends, points).properties(width="container").to_dict(validate=False)
    return spec


def picture(rows: pd.DataFrame, ticks: dict[str, Any]) -> Any:
    """Return the picture of time per step, a panel for each of the rows' `panel`."""
    alt = altair()
    chart = curves(TIME, legend(rows["backend"]), ticks).properties(width=560, height=380, data=rows)
    return chart.facet(facet=alt.Facet("panel:N", title=None), columns=2)


def timeline() -> dict[str, Any]:
    """Return the specification of a history: points over the date, the level between changes, changes as triangles.

    The page hands in the points as `DATA`, the levels as `LABELS`, and the changes as `MARKS`.
    """
    alt = altair()
    x = alt.X("date:T", title=None)
    axis = alt.Axis(title="", labelExpr=TIMES)
    y = alt.Y("value:Q", axis=axis)
    base = alt.Chart(alt.NamedData(DATA)).encode(x=x, color=own()["color"])
    ends = base.mark_rule(strokeWidth=3, opacity=0.15).encode(y=alt.Y("low:Q", axis=axis), y2="high:Q")
    points = base.mark_point(filled=True, opacity=0.55, tooltip=True).encode(
        y=y, shape=own()["shape"], size=alt.Size("size:Q", scale=None)
    )
    levels = alt.Chart(alt.NamedData(LABELS)).mark_rule(strokeWidth=2.5, strokeCap="round")
    levels = levels.encode(x=alt.X("from:T", title=None), x2="to:T", y=y, color=own()["color"])
    marks = alt.Chart(alt.NamedData(MARKS)).encode(x=x, y=y, color=own()["color"])
    steps = marks.mark_point(size=260, filled=True, opacity=1, tooltip=True, stroke="white", strokeWidth=1.5)
    names = marks.mark_text(align="center", dy=-18, fontSize=13, fontWeight="bold").encode(text="name:N")
    chart = alt.layer(ends, points, levels, steps.encode(shape=own()["shape"]), names)
    spec: dict[str, Any] = chart.properties(width="container", height=420).to_dict(validate=False)
    return spec
