"""The timeline of a history: a point a run, the level between two changes, and the changes as triangles."""

from __future__ import annotations

from typing import Any

from report.write.charts import base


def timeline() -> dict[str, Any]:
    """Return the specification of the timeline.

    The page hands in the points as `DATA`, the levels as `LABELS`, and the changes as `MARKS`.
    """
    alt = base.altair()
    days = alt.Axis(title=None, tickCount=10, format={"date": "%b %d"})  # Vega names no month by default
    axis = alt.Axis(title="", labelExpr=base.RATIO)
    date, value = alt.X("date:T", axis=days), alt.Y("value:Q", axis=axis)
    colour, shape = base.from_rows().values()
    runs = alt.Chart(alt.NamedData(base.DATA)).encode(x=date, color=colour)
    intervals = runs.mark_rule(strokeWidth=3, opacity=0.15).encode(y=alt.Y("low:Q", axis=axis), y2="high:Q")
    size = alt.Size("size:Q", scale=None)
    points = runs.mark_point(filled=True, opacity=0.55, tooltip=True).encode(y=value, shape=shape, size=size)
    lines = alt.Chart(alt.NamedData(base.LABELS)).mark_rule(strokeWidth=2.5, strokeCap="round")
    levels = lines.encode(x=alt.X("from:T", axis=days), x2="to:T", y=value, color=colour)
    changes = alt.Chart(alt.NamedData(base.MARKS)).encode(x=date, y=value, color=colour)
    triangles = changes.mark_point(size=260, filled=True, opacity=1, tooltip=True, stroke="white", strokeWidth=1.5)
    ratios = changes.mark_text(align="center", dy=-18, fontSize=13, fontWeight="bold").encode(text="name:N")
    chart = alt.layer(intervals, points, levels, triangles.encode(shape=shape), ratios)
    return base.specification(chart.properties(height=420))
