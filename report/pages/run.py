"""The page of a run: who is fastest, the curves, every case, and why a case has no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from report import table
from report.errors import some
from report.pages import document, machines, panels, payload
from report.pages.navigation import Navigation
from report.run import answers, cases
from report.run.answers import Crossing, Winner
from report.table.keys import CONDITIONS, CONTROL, GROUP, framework
from report.table.schema import STATUSES, VERSION
from report.write import sections, units, words
from report.write.sections import unit
from report.write.text import answer

MAX_REASONS = 100
"""Reasons that the page lists. The CSV has all."""

MAX_GROUPS_OF_REASON = 5
"""Groups of cases that are named for a reason."""

MAX_STANDINGS = 6
"""Lines on how the backends stand to NumPy that a page shows. The others are a click away."""

MAX_VALUES = 8
"""Values of a column that are named."""

ENVIRONMENT = ("run", "machine", "cpu", "gpu", "threads", "cpus", "allocator", "python", "numpy_version", "commit")


@dataclass(frozen=True)
class Group:
    """What the page says of one group of cases in words. `unit` is what the times are per: a step or a call."""

    title: str
    unit: str
    sentence: str
    winners: list[Winner]
    standings: list[str]
    crossings: list[Crossing]

    @property
    def with_ratio(self) -> bool:
        """Whether any of the winners has a ratio to NumPy."""
        return not all(isnan(winner.ratio) for winner in self.winners)


def page(path: Path) -> str:
    """Return the page of the run whose CSV is at `path`.

    Raises `TableError` where that is not the CSV of a run, and `ChartError` without the extra `[report]`.
    """
    return page_of(table.read(path), path.name, path.read_bytes())


def page_of(
    frame: pd.DataFrame,
    file: str = "",
    content: bytes = b"",
    navigation: Navigation | None = None,
    address: str = "",
) -> str:
    """Return the page of a run with these rows, with the links of the site that it is a page of.

    It offers `content`, the CSV of the rows, as a file of the name `file`; by default the rows, under the run's name.
    The page holds the CSV, unless there is an `address` where it can be had. Raises `ChartError` without the extra
    `[report]`.
    """
    merged = cases.from_rows(frame)
    group = merged.groupby([*GROUP, *CONDITIONS], observed=True, sort=True).ngroup()
    merged = merged.assign(group=group).sort_values(["group", "batch_size", "seconds_per_step"]).reset_index(drop=True)
    timed = merged[merged["status"] == "ok"]
    reasons = list(_reasons(merged))
    titles = sections.titles(merged)
    groups = [_group(titles[rows.index[0]], rows) for _, rows in merged.groupby("group")]
    return document.render(
        "run.html",
        ("choices.js", "loss.js", "run.js"),
        payload.of_run(merged.drop(columns=[*cases.ESTIMATES, "loss_curve"]))
        | panels.data(merged, [group.crossings for group in groups]),
        navigation,
        run=str(frame["run"].iloc[0]),
        what=_what(merged),
        where=_where(frame),
        when=_when(frame),
        file=file or f"{frame['run'].iloc[0]}.csv",
        csv=address or document.download(content or as_csv(frame)),
        cases=len(merged),
        untimed=len(merged) - len(timed),
        groups=groups,
        machines=machines.tables(merged),
        hardware=machines.hardware(merged),
        reliability=_reliability(timed),
        panels=panels.shown(timed),
        without_ratio=words.without_ratio(merged),
        with_ratio=bool(timed["ratio"].notna().any()),
        reasons=reasons[:MAX_REASONS],
        max_standings=MAX_STANDINGS,
        more_reasons=max(0, len(reasons) - MAX_REASONS),
        environment=list(_environment(frame)),
    )


def _group(title: str, rows: pd.DataFrame) -> Group:
    timed = rows[rows["status"] == "ok"]
    per = unit(*rows[["operator", "optimizer"]].astype("str").iloc[0])
    if timed.empty:
        reasons = sorted(set(rows["reason"].astype("str")))
        return Group(title, per, f"No case of this choice has a time: {'; '.join(reasons[:3])}.", [], [], [])
    timed = answers.lean(timed)
    winners = answers.winners(timed)
    against = answers.against_numpy(timed)
    crossings = answers.crossings(timed, against)
    standings = [*map(answer.passing, crossings), *answer.standings(against)]
    return Group(title, per, answer.sentence(winners), winners, standings, crossings)


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return the rows as a CSV of the newest schema, whose columns `table.read` gives all rows."""
    return frame.assign(schema=VERSION).to_csv(index=False, lineterminator="\n").encode()


def _what(merged: pd.DataFrame) -> str:
    return (
        f"{_listed(merged, 'problem')}: {_listed(merged, 'operator')} in {_listed(merged, 'dtype')} on "
        f"{_listed(merged, 'device')}; {units.count(merged['backend'].nunique(), 'backend')} at "
        f"{units.count(merged['batch_size'].nunique(), 'batch size')}"
    )


def _where(frame: pd.DataFrame) -> str:
    devices = sorted({*frame["cpu"].astype("str"), *frame["gpu"].astype("str")} - {""})
    threads = " or ".join(f"{count}" for count in sorted(frame["threads"].unique()))
    return f"{', '.join(devices)}, {threads} thread{'' if threads == '1' else 's'}"


def _when(frame: pd.DataFrame) -> str:
    commits = " and ".join(f"commit {commit}" for commit in frame["commit"].astype("str").unique()[:3])
    changed = " with uncommitted changes" if frame["dirty"].any() else ""
    return f"{min(frame['started_utc'].astype('str')).replace('T', ' ')}, {commits}{changed}"


def _reliability(timed: pd.DataFrame) -> str:
    """Return how far the figures can be trusted; nothing where there are none."""
    if timed.empty:
        return ""
    noisy = int(cases.noisy(timed).sum())
    control = timed.loc[timed["backend"] == CONTROL, "ratio"].dropna()
    steady = f" The control, numpy against itself, is at {_range(control)}; it should be at ×1." if len(control) else ""
    count = f"{noisy:,} of {units.count(len(timed), 'timed case')} {'is' if noisy == 1 else 'are'}"
    return (
        f"{count} noisy: the 95 % interval is wider than ± {units.percent(cases.NOISY)}.{steady} "
        f"{words.replication(timed)}"
    )


def _reasons(merged: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each reason why cases have no time, with these cases; the reason of the most cases first."""
    untimed = merged[merged["status"] != "ok"]
    if untimed.empty:
        return
    untimed = untimed.assign(title=sections.titles(merged)[untimed.index])
    groups = list(untimed.groupby(["status", "reason"], observed=True, sort=False))
    for (status, reason), same in sorted(groups, key=lambda group: -len(group[1])):
        which = [_which(str(title), rows) for title, rows in same.groupby("title", sort=False)]
        more = len(which) - MAX_GROUPS_OF_REASON
        yield {
            "status": status,
            "meaning": STATUSES[str(status)],
            "reason": reason,
            "cases": len(same),
            "which": [*which[:MAX_GROUPS_OF_REASON], *([f"and {more:,} more"] if more > 0 else [])],
        }


def _which(title: str, rows: pd.DataFrame) -> str:
    return f"{title}: {_listed(rows, 'backend')} at {_listed(rows, 'batch_size')}"


def _environment(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield what the run records of itself and of its machine, as name and text."""
    for name in ENVIRONMENT:
        yield name, _listed(frame, name) or "none"
    for name, rows in frame.groupby(frame["backend"].astype("str").map(framework)):
        if name == CONTROL:  # its version is in ENVIRONMENT
            continue
        yield f"{name} version", _listed(rows, "framework_version") or "none recorded"
    yield "launches", str(frame["launch"].nunique())
    started = frame["started_utc"].astype("str")
    yield "first and last case", f"{min(started)} to {max(started)}"
    yield "schema", _listed(frame, "schema")


def _listed(rows: pd.DataFrame, name: str) -> str:
    """Return the values of a column, at most `MAX_VALUES` of them."""
    values = sorted(set(rows[name]) - {""})
    return some([f"{value:,}" if name == "batch_size" else str(value) for value in values], MAX_VALUES)


def _range(values: pd.Series) -> str:
    low, high = units.ratio(values.min()), units.ratio(values.max())
    return low if low == high else f"{low} to {high}"
