"""What it takes to begin: start-up, compiling, the first call and one step, in one bar a backend."""

from __future__ import annotations

from typing import Any

from report.write.charts import base


def start() -> dict[str, Any]:
    """Return the specification of the bars.

    The page hands in the parts of the bars as `DATA`, and the text at the end of each bar as `LABELS`.
    """
    alt = base.altair()
    axis = alt.Axis(labelExpr=base.SECONDS, tickCount=8)
    backend = alt.Y("backend:N", sort=None, title=None)
    bars = alt.Chart(alt.NamedData(base.DATA)).mark_bar(tooltip=True)
    bars = bars.encode(
        x=alt.X("seconds:Q", title="until the first result, and one more step", axis=axis),
        y=backend,
        color=base.from_rows()["color"],
        opacity=alt.Opacity("opacity:Q", scale=None),
        order="order:Q",
    )
    texts = alt.Chart(alt.NamedData(base.LABELS)).mark_text(align="left", dx=6, fontSize=11)
    return base.specification(alt.layer(bars, texts.encode(x="seconds:Q", y=backend, text="text:N")))
