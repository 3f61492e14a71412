"""The page of a history: what changed and when, each case over time, and every series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from report.history import runs
from report.history.series import Change, History, Series
from report.pages import document, panels, payload
from report.pages.navigation import Navigation
from report.pages.payload import plain
from report.statistics.nightly.change_points import MIN_RUNS
from report.statistics.verdict import Verdict
from report.table.keys import CONDITIONS, GROUP, VERSIONS
from report.write.charts import base
from report.write.charts.timeline import timeline
from report.write.text import trend as text

CHOICES = (*GROUP, "batch_size", *CONDITIONS)
"""What the series of one chart share: they differ in the backend alone."""

ALWAYS = ("problem", "operator", "dtype", "device", "batch_size")
"""The choices that the page shows even where there is only one value."""

POINT = ("run", "started_utc", "commit", "launches", "backend", "value", "low", "high", "seconds_per_step", "warnings")
"""The columns of a point that its tooltip shows, before its versions."""

SHAPES = {Verdict.REGRESSED: "triangle-up", Verdict.IMPROVED: "triangle-down"}

SHOWN = (
    ("title", "case", "text"),
    ("runs", "runs", "count"),
    ("from", "from", "text"),
    ("to", "to", "text"),
    ("last", "last", "text"),
    ("changes", "changes", "count"),
)
"""The columns of the table of series."""

NONE = "No change beyond the threshold lasted."
TOO_SHORT = "The history is too short for a conclusion."
"""What the page says where there is no change."""

Names = Mapping[int, str]
Groups = Mapping[int, int]
"""The name of each series, and the number of the chart that shows it, by the number of the series."""


def page(history: History, navigation: Navigation | None = None) -> str:
    """Return the page of a history, with the links of the site that it is a page of."""
    points = pd.concat([series.points for series in history.series], ignore_index=True)
    points["group"] = points.groupby([*CHOICES], observed=True, sort=True).ngroup()
    groups = points.drop_duplicates("group").sort_values("group")
    group_of = dict(zip(points["series"].astype(int), points["group"].astype(int), strict=True))
    names = text.names(history)
    changes = [_change(change, names, group_of) for change in history.changes()]
    data = payload.by_columns(points[[*POINT, *VERSIONS[1:], "measure", "series", "group"]]) | {
        "spec": timeline(),
        "seconds": base.SECONDS,
        "changes": changes,
        "levels": [level for series in history.series for level in _levels(series, group_of)],
        "first": changes[0]["group"] if changes else 0,
        "groups": groups[[*CHOICES]].astype("str").to_dict("records"),
        "choices": panels.choices(groups, CHOICES, ALWAYS),
        "looks": payload.looks(points),
        "shown": [*map(list, SHOWN)],
        "series": [_series(series, names, group_of) for series in history.series],
    }
    return document.render(
        "trend.html",
        ("choices.js", "trend.js"),
        data,
        navigation,
        headline=text.headline(history),
        subject=text.subject(history),
        first=f"{points['date'].min():%Y-%m-%d}",
        last=f"{points['date'].max():%Y-%m-%d}",
        changes=changes,
        ratio=runs.RATIO,
        min_runs=MIN_RUNS,
        none=NONE if history.long_enough else TOO_SHORT,
    )


def _change(change: Change, names: Names, group_of: Groups) -> dict[str, Any]:
    number, point, verdict = change.series.number, change.first_run, change.step.verdict
    return {
        "title": names[number],
        "backend": str(point["backend"]),
        "group": group_of[number],
        "date": point["started_utc"],
        "since": text.since(change),
        "value": plain(point["value"]),
        "ratio": text.ratio(change),
        "factor": plain(change.step.change.center),
        "verdict": str(verdict),
        "direction": text.DIRECTIONS[verdict],
        "shape": SHAPES[verdict],
        "differences": text.differences(change),
    }


def _levels(series: Series, group_of: Groups) -> Iterator[dict[str, Any]]:
    """Yield the lines between the changes: the first date, the last date, and the median of the runs."""
    dates, backend = series.points["started_utc"], str(series.points["backend"].iloc[0])
    for level in series.levels():
        ends = {"from": str(dates[level.first]), "to": str(dates[level.last]), "value": plain(level.value)}
        yield {"group": group_of[series.number], "backend": backend} | ends


def _series(series: Series, names: Names, group_of: Groups) -> dict[str, Any]:
    dates = series.points["date"]
    return {
        "title": names[series.number],
        "backend": str(series.points["backend"].iloc[0]),
        "group": group_of[series.number],
        "runs": len(series.points),
        "from": f"{dates.iloc[0]:%Y-%m-%d}",
        "to": f"{dates.iloc[-1]:%Y-%m-%d}",
        "last": text.last(series),
        "changes": len(series.steps),
    }
