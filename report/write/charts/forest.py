"""The forest of a comparison: one line a case, with its ratio of head to base and the interval."""

from __future__ import annotations

from typing import Any

from report.write.charts import base


def forest() -> dict[str, Any]:
    """Return the specification of the forest.

    The page hands in the cases as `DATA`, and the band of the threshold as `MARKS`, empty where it is not known.
    """
    alt = base.altair()
    axis = alt.Axis(title="head / base", format="~r", orient="top")
    ratio, low = alt.X("ratio:Q", axis=axis), alt.X("low:Q", axis=axis)
    name = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260))
    colour, shape = base.from_rows().values()
    band = alt.Chart(alt.NamedData(base.MARKS)).mark_rect(opacity=0.12).encode(x=low, x2="high:Q")
    cases = alt.Chart(alt.NamedData(base.DATA)).encode(y=name, color=colour)
    intervals = cases.mark_rule(strokeWidth=3, tooltip=True).encode(x=low, x2="high:Q")
    points = cases.mark_point(size=80, filled=True, opacity=1, tooltip=True).encode(x=ratio, shape=shape)
    unchanged = base.dashed_line().encode(x=alt.datum(1.0))
    return base.specification(alt.layer(band, unchanged, intervals, points))
