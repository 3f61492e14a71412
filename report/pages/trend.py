"""The page of a history: what changed and when, each case over time, and every series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from report.commands import trend
from report.commands.trend import Series
from report.history import runs
from report.pages import document, panels, tables
from report.statistics.change_points import Step
from report.statistics.verdict import Verdict
from report.table.keys import CONDITIONS, GROUP
from report.write import charts, palette

CHOICES = (*GROUP, "batch_size", *CONDITIONS)
"""What one chart shows: series that differ in the backend alone."""

POINT = ("run", "started_utc", "commit", "launches", "backend", "value", "low", "high", "seconds_per_step", "warnings")
SHAPES = {Verdict.REGRESSED: "triangle-up", Verdict.IMPROVED: "triangle-down"}
WORDS = {Verdict.REGRESSED: "slower", Verdict.IMPROVED: "faster"}
SHOWN = (
    ("title", "case", "text"),
    ("runs", "runs", "count"),
    ("from", "from", "text"),
    ("to", "to", "text"),
    ("last", "last", "text"),
    ("changes", "changes", "count"),
)


def page(found: list[Series], threshold: float) -> str:
    """Return the page of these series."""
    points = pd.concat([series.points for series in found], ignore_index=True)
    points["group"] = points.groupby([*CHOICES], observed=True, sort=True).ngroup()
    groups = points.drop_duplicates("group").sort_values("group")
    of_series = dict(zip(points["series"], points["group"], strict=True))
    steps = list(trend.changes(found))
    changes = [_change(series, step, of_series) for series, step in steps]
    names = palette.looks(points["backend"].astype("str"))
    data = tables.by_columns(points[[*POINT, *trend.VERSIONS[1:], "measure", "series", "group"]]) | {
        "spec": charts.timeline(),
        "seconds": charts.SECONDS,
        "changes": changes,
        "levels": [level for series in found for level in _levels(series, of_series)],
        "first": changes[0]["group"] if changes else 0,
        "groups": groups[[*CHOICES]].astype("str").to_dict("records"),
        "choices": panels.choices(groups, CHOICES, ALWAYS),
        "looks": {name: [*look] for name, look in names.items()},
        "shown": [*map(list, SHOWN)],
        "series": [_series(series, of_series) for series in found],
    }
    return document.render(
        "trend.html",
        ("choices.js", "trend.js"),
        data,
        headline=trend.headline(found, threshold),
        titles=trend.titles(found),
        first=f"{points['date'].min():%Y-%m-%d}",
        last=f"{points['date'].max():%Y-%m-%d}",
        changes=changes,
        ratio=runs.RATIO,
    )


ALWAYS = ("problem", "operator", "dtype", "device", "batch_size")


def _change(series: Series, step: Step, of_series: dict[Any, Any]) -> dict[str, Any]:
    point = series.points.iloc[step.index]
    return {
        "title": series.title,
        "backend": str(point["backend"]),
        "group": int(of_series[point["series"]]),
        "date": point["started_utc"],
        "since": trend.since(series, step),
        "value": document.plain(point["value"]),
        "ratio": trend.interval(step),
        "factor": document.plain(step.change.center),
        "way": WORDS[step.verdict],
        "shape": SHAPES[step.verdict],
        "differences": series.differences(step),
    }


def _levels(series: Series, of_series: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """Yield the level between two changes: from which date to which, and the median of the runs."""
    dates, first = series.points["started_utc"], series.points.iloc[0]
    for start, end, value in series.levels():
        group, backend = int(of_series[first["series"]]), str(first["backend"])
        ends = {"from": str(dates[start]), "to": str(dates[end]), "value": document.plain(value)}
        yield {"group": group, "backend": backend} | ends


def _series(series: Series, of_series: dict[Any, Any]) -> dict[str, Any]:
    dates = series.points["date"]
    return {
        "title": series.title,
        "backend": str(series.points["backend"].iloc[0]),
        "group": int(of_series[series.points["series"].iloc[0]]),
        "runs": len(series.points),
        "from": f"{dates.iloc[0]:%Y-%m-%d}",
        "to": f"{dates.iloc[-1]:%Y-%m-%d}",
        "last": series.last,
        "changes": len(series.steps),
    }
