"""From the rows of a run to one row a case, as tables and pictures show it.

Of several launches it is the median of each figure, and an interval as wide as the launches' ends.
"""

from __future__ import annotations

import pandas as pd

from report.schema import CASE, COLUMNS

GROUP = ("problem", "sizes", "operator", "dtype", "device", "steps")
"""The columns whose cases are shown together: they differ in backend and batch size alone."""

HELD = ("machine", "threads", "cpus", "allocator")
"""What rows must share for their seconds to be those of one series."""

KEY = (*CASE, *HELD)

FIGURES = tuple(column.name for column in COLUMNS if column.kind in ("integer", "number") and not column.always)
LOWS = tuple(name for name in FIGURES if name.endswith("_ci_low"))
HIGHS = tuple(name for name in FIGURES if name.endswith("_ci_high"))


def merged(frame: pd.DataFrame, key: tuple[str, ...] = KEY) -> pd.DataFrame:
    """Return one row a case: the columns of the schema, `step_low` and `step_high`, `launches` and `timed_launches`.

    `key` are the columns that name a case. It has a time where one of its launches has; then its status is `ok`, and
    its reason tells of the launches without.
    """
    by = [*key]
    rows = frame.drop_duplicates(by).set_index(by)
    timed = frame[frame["status"] == "ok"]
    rows["launches"] = frame.groupby(by, observed=True).size()
    rows["timed_launches"] = timed.groupby(by, observed=True).size().reindex(rows.index, fill_value=0)
    if (rows["launches"] > 1).any():
        found = _statistics(timed, by).reindex(rows.index)
        rows = rows.assign(**{name: found[name].where(rows["timed_launches"] > 0, rows[name]) for name in FIGURES})
        rows = _with_reasons(rows, frame[frame["status"] != "ok"], by)
    return _with_steps(rows.reset_index()[[*frame.columns, "launches", "timed_launches"]])


def _statistics(timed: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the figures of each case that has a time."""
    grouped = timed.groupby(by, observed=True)
    middles = [name for name in FIGURES if name not in (*LOWS, *HIGHS)]
    return grouped[middles].median().join(grouped[[*LOWS]].min()).join(grouped[[*HIGHS]].max())


def _with_reasons(rows: pd.DataFrame, failed: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the rows, with the first reason of each case that lacks a time in some launch."""
    first = failed.drop_duplicates(by).set_index(by)[["status", "reason"]].astype("str").reindex(rows.index)
    told = first["status"] + " in " + (rows["launches"] - rows["timed_launches"]).astype("str")
    told = told + " of " + rows["launches"].astype("str") + " launches: " + first["reason"]
    ok = rows["timed_launches"] > 0
    partly = ok & first["status"].notna()
    rows["status"] = first["status"].where(~ok, "ok").fillna("ok")
    rows["reason"] = told.where(partly, first["reason"]).fillna("")
    return rows


def _with_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the interval of the seconds a step."""
    steps = rows["seconds_median"] / rows["seconds_per_step"]
    return rows.assign(step_low=rows["seconds_ci_low"] / steps, step_high=rows["seconds_ci_high"] / steps)


def titles(rows: pd.DataFrame) -> pd.Series:
    """Return what each row's group is called: `logistic (dimension=16): descent of 100 steps, float32, cpu`."""
    words = rows[[*GROUP, *HELD]].astype("str")
    problem = words["problem"] + (" (" + words["sizes"] + ")").where(words["sizes"] != "", "")
    operator = words["operator"] + (" of " + words["steps"] + " steps").where(words["operator"] == "descent", "")
    title = problem + ": " + operator + ", " + words["dtype"] + ", " + words["device"]
    for name in HELD:
        if len(set(words[name])) > 1:
            title += f", {name} " + words[name]
    return title
