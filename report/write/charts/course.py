"""The picture of a course: what each release costs against the first, a line a case, with intervals and real steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from report.compare.course import Course
from report.write import palette
from report.write.charts import base
from report.write.charts.base import ChartError
from report.write.text import course as words

RINGS = "A ring marks a real step: fresh process pairs of this release and the one before it say so."

WIDE = 3.0

COLUMNS = ["candidate", "case", "backend", "ratio", "low", "high"]


def save(course: Course, path: Path) -> None:
    """Write the picture. Raise `ChartError` without the extra `[report]`, or if the file cannot be written."""
    try:
        chart(course).save(path, ppi=144)
    except OSError as error:
        raise ChartError(f"{path}: {error.strerror}") from error


def chart(course: Course) -> Any:
    """Return the Altair chart. A ring marks a candidate in which the case really changed."""
    alt = base.altair()
    rows = course.rows.assign(case=words.titles(course))
    names = list(dict.fromkeys(rows["candidate"]))
    first = course.names[names[0]]
    across = alt.X("candidate:N", sort=names, title=f"releases of {course.what}", axis=alt.Axis(labelAngle=0))
    axis = alt.Axis(title=f"time per call, relative to {first}", labelExpr=base.RATIO)
    scale = _scale(rows)
    up = alt.Y("ratio:Q", scale=scale, axis=axis)
    colour, shape = _legend(rows)
    shown = alt.Chart(rows[COLUMNS]).encode(x=across, color=colour)
    intervals = shown.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    lines = shown.mark_line(opacity=0.5).encode(y=up, detail="case:N")
    points = shown.mark_point(filled=True, size=50, opacity=1).encode(y=up, shape=shape)
    steps = alt.Chart(rows.loc[course.steps.index, COLUMNS]).encode(x=across, y=up)
    rings = steps.mark_point(size=220, shape="circle", stroke="#c8510a", strokeWidth=2)
    title = alt.Title(RINGS, anchor="start", fontWeight="normal", fontSize=12)
    return alt.layer(lines, intervals, points, rings).properties(width=640, height=380, title=title)


def _scale(rows: pd.DataFrame) -> Any:
    """Return the scale of the ratios: linear, or logarithmic where they span a factor of `WIDE`."""
    low, high = float(rows["low"].min()), float(rows["high"].max())
    margin = (high / low) ** 0.05
    kind = "log" if high / low > WIDE else "linear"
    return base.altair().Scale(type=kind, domain=[low / margin, high * margin], nice=False, zero=False)


def _legend(rows: pd.DataFrame) -> tuple[Any, Any]:
    """Return the encodings of colour and shape: the colour of a case's backend, and a shape for each case."""
    alt = base.altair()
    cases = rows.drop_duplicates("case")
    looks = palette.looks(cases["backend"])
    colours = [looks[name].light for name in cases["backend"]]
    shapes = [looks[name].shape for name in cases["backend"]]
    names = list(cases["case"])
    legend = alt.Legend(title="case", symbolOpacity=1)
    return (
        alt.Color("case:N", scale=alt.Scale(domain=names, range=colours), sort=names, legend=legend),
        alt.Shape("case:N", scale=alt.Scale(domain=names, range=shapes), sort=names, legend=legend),
    )
