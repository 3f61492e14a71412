"""A history: how many changes there are, where each case changed, and its last value."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.table import Table

from report.history import runs
from report.history.series import Change, History, Series
from report.statistics.nightly.change_points import MIN_RUNS
from report.statistics.nightly.memory import MIN_BEFORE
from report.statistics.verdict import Verdict
from report.write import sections, tables, units
from report.write.sections import Section

MAX_SERIES = 100
"""How many series are listed. A page has all of them."""

INTERVAL = "The intervals hold at 95 % for all series together, and allow for noise that lasts from night to night."
"""What the interval of a change holds for."""

DIRECTIONS = {Verdict.REGRESSED: "slower", Verdict.IMPROVED: "faster"}


def text(history: History, width: int | None) -> str:
    """Return the history for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    return tables.render(sections.parts(_sections(history)), width)


def headline(history: History) -> str:
    """Return in a sentence how many changes there are, in how many series and runs, beyond which threshold."""
    directions = [DIRECTIONS[change.step.verdict] for change in history.changes()]
    counts = ", ".join(f"{directions.count(direction):,} {direction}" for direction in DIRECTIONS.values())
    what = f"{units.count(len(directions), 'change')}: {counts}" if directions else "No change"
    if not history.long_enough:
        what = f"No conclusion yet: a change takes {MIN_BEFORE} runs before it and {MIN_RUNS} after it"
    of = f"{units.count(len(history.series), 'series', 'series')} over {units.count(history.runs, 'run')}"
    return f"{what}, in {of} (beyond {100 * history.threshold:.3g} %)."


def subject(history: History) -> str:
    """Return what the history is about: the heading of its only group of cases, or the number of groups."""
    headings = {str(sections.titles(series.points.head(1)).iloc[0]) for series in history.series}
    return headings.pop() if len(headings) == 1 else f"{len(headings):,} groups of cases"


def names(history: History) -> dict[int, str]:
    """Return the name of each series by its number: `jax-jit at 100`. With several groups, the heading comes first."""
    firsts = pd.concat([series.points.head(1) for series in history.series], ignore_index=True)
    titles = sections.titles(firsts)
    group = titles + ", " if len(set(titles)) > 1 else ""
    texts = group + firsts["backend"].astype("str") + " at " + firsts["batch_size"].map("{:,}".format)
    return dict(zip(firsts["series"].astype(int), texts, strict=True))


def since(change: Change) -> str:
    """Return the day of the first run after a change: `2026-03-05`."""
    return f"{change.first_run['date']:%Y-%m-%d}"


def ratio(change: Change) -> str:
    """Return the values after a change over those before, with the interval: `×1.243 [1.210, 1.278]`."""
    return f"×{units.factor_within(*change.step.change)}"


def differences(change: Change) -> str:
    """Return what else changed together with a change: `commit 1a2b → 3c4d, torch 2.12 → 2.13`."""
    return ", ".join(f"{name} {before} → {after}" for name, before, after in change.differences())


def last(series: Series) -> str:
    """Return the value of the last run: `×3.20`, or `20.0 µs` if the series is one of seconds."""
    point = series.points.iloc[-1]
    return units.ratio(point["value"]) if point["measure"] == runs.RATIO else units.seconds(point["value"])


def _sections(history: History) -> Iterator[Section]:
    name_of = names(history)
    changes = history.changes()
    yield Section(headline(history), [_changes(changes, name_of)] if changes else [], [INTERVAL] if changes else [])
    more = len(history.series) - MAX_SERIES
    notes = [f"{more:,} more series are not shown. A page has all of them: -o trend.html"] if more > 0 else []
    yield Section(subject(history), [_series(history.series, name_of)], notes)


def _changes(changes: list[Change], name_of: dict[int, str]) -> Table:
    table = _table("since", "case", "after / before", "what else changed")
    for change in changes:
        words = since(change), name_of[change.series.number], ratio(change), differences(change)
        tables.add_row(table, *words)
    return table


def _series(every: list[Series], name_of: dict[int, str]) -> Table:
    """Return the table of the series, those with the most changes first."""
    table = _table("case", "runs", "last", "changes")
    for series in sorted(every, key=lambda series: -len(series.steps))[:MAX_SERIES]:
        figures = f"{len(series.points):,}", last(series), f"{len(series.steps):,}"
        tables.add_row(table, name_of[series.number], *figures)
    return table


def _table(*columns: str) -> Table:
    """Return an empty table whose texts are wrapped if they are too long for the terminal."""
    table = tables.table(columns, words=[name for name in columns if name not in {"runs", "last", "changes"}])
    for column in table.columns:
        column.no_wrap = False
    return table
