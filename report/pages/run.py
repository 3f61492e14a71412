"""The page of a run: the answer, the curves, every cell, and why a cell has no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from report import table
from report.pages import document, panels, tables
from report.run import answers, cases
from report.run.answers import Crossing, Winner
from report.table.keys import CONDITIONS, CONTROL, GROUP
from report.table.schema import STATUSES
from report.write import sections, units, words
from report.write.sections import unit
from report.write.text import answer

REASONS = 100
"""So many reasons can be read; the CSV has the rest."""


@dataclass(frozen=True)
class Group:
    """What the page says of one group of cases in words."""

    title: str
    unit: str
    sentence: str
    winners: list[Winner]
    standings: list[str]
    crossings: list[Crossing]


def page(path: Path) -> str:
    """Return the page of the run at `path`; raises `TableError` for no result CSV, `ChartError` without Altair."""
    frame = table.read(path)
    merged = cases.from_rows(frame)
    group = merged.groupby([*GROUP, *CONDITIONS], observed=True, sort=True).ngroup()
    merged = merged.assign(group=group).sort_values(["group", "batch_size", "seconds_per_step"]).reset_index(drop=True)
    timed = merged[merged["status"] == "ok"]
    reasons = list(_reasons(merged))
    groups = [_group(rows) for _, rows in merged.groupby("group")]
    return document.render(
        "run.html",
        ("choices.js", "run.js"),
        tables.data(merged.drop(columns=[*cases.ESTIMATES]))
        | panels.data(merged, [group.crossings for group in groups]),
        run=str(frame["run"].iloc[0]),
        what=_what(merged),
        where=_where(frame),
        when=_when(frame),
        file=path.name,
        csv=document.download(path.read_bytes()),
        cells=len(merged),
        untimed=len(merged) - len(timed),
        groups=groups,
        doubt=_doubt(timed),
        panels=panels.PANELS,
        reasons=reasons[:REASONS],
        more_reasons=max(0, len(reasons) - REASONS),
        environment=list(_environment(frame)),
    )


def _group(rows: pd.DataFrame) -> Group:
    timed = rows[rows["status"] == "ok"]
    title, per = sections.titles(rows).iloc[0], unit(str(rows["operator"].iloc[0]))
    if timed.empty:
        why = sorted(set(rows["reason"].astype("str")))
        return Group(title, per, f"No case of this choice has a time: {'; '.join(why[:3])}.", [], [], [])
    timed = answers.lean(timed)
    found = answers.winners(timed)
    against = answers.against_numpy(timed)
    crossings = answers.crossings(timed, against)
    lines = [*map(answer.passing, crossings), *answer.standings(against)]
    return Group(title, per, answer.sentence(found), found, lines, crossings)


def _what(merged: pd.DataFrame) -> str:
    return (
        f"{_listed(merged, 'problem')}: {_listed(merged, 'operator')} in {_listed(merged, 'dtype')} on "
        f"{_listed(merged, 'device')}; {merged['backend'].nunique()} backends at "
        f"{_count(merged['batch_size'].nunique(), 'batch size')}"
    )


def _where(frame: pd.DataFrame) -> str:
    devices = sorted({*frame["cpu"].astype("str"), *frame["gpu"].astype("str")} - {""})
    threads = " or ".join(f"{count}" for count in sorted(frame["threads"].unique()))
    return f"{', '.join(devices)}, {threads} thread{'' if threads == '1' else 's'}"


def _when(frame: pd.DataFrame) -> str:
    commits = " and ".join(f"commit {commit}" for commit in frame["commit"].astype("str").unique()[:3])
    changed = " with changes" if frame["dirty"].any() else ""
    return f"{min(frame['started_utc'].astype('str')).replace('T', ' ')}, {commits}{changed}"


def _doubt(timed: pd.DataFrame) -> str:
    """Return how far the figures can be trusted."""
    noisy = int(cases.noisy(timed).sum()) if len(timed) else 0
    control = timed.loc[timed["backend"] == CONTROL, "ratio"].dropna()
    moved = f" The control, numpy against itself, is at {_range(control)}; ×1 is right." if len(control) else ""
    return (
        f"{noisy} of {_count(len(timed), 'timed cell')} {'is' if noisy == 1 else 'are'} noisy: the 95 % interval is "
        f"wider than ± {units.percent(cases.NOISY)}.{moved} {words.replication(timed)}"
    )


def _reasons(merged: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each reason why cells have no time, with the cells that it holds for; the most cells first."""
    failed = merged[merged["status"] != "ok"]
    if failed.empty:
        return
    failed = failed.assign(title=sections.titles(merged)[failed.index])
    groups = list(failed.groupby(["status", "reason"], observed=True, sort=False))
    for (status, reason), same in sorted(groups, key=lambda group: -len(group[1])):
        which = [_which(str(title), rows) for title, rows in same.groupby("title", sort=False)]
        more = [f"and {len(which) - 5:,} more"] if len(which) > 5 else []  # noqa: PLR2004
        yield {
            "status": status,
            "meaning": STATUSES[str(status)],
            "reason": reason,
            "cells": len(same),
            "which": [*which[:5], *more],
        }


def _which(title: str, rows: pd.DataFrame) -> str:
    return f"{title}: {_listed(rows, 'backend')} at {_listed(rows, 'batch_size')}"


def _environment(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield what is to be known of the run and its machine."""
    for name in ("run", "machine", "cpu", "gpu", "threads", "cpus", "allocator", "python", "numpy_version", "commit"):
        yield name, _listed(frame, name) or "none"
    for framework, rows in frame.groupby(frame["backend"].astype("str").str.partition("-")[0]):
        if framework == "numpy":  # it is above
            continue
        yield f"{framework} version", _listed(rows, "framework_version") or "not here"
    yield "launches", str(frame["launch"].nunique())
    yield (
        "first and last case",
        f"{min(frame['started_utc'].astype('str'))} to {max(frame['started_utc'].astype('str'))}",
    )
    yield "schema", _listed(frame, "schema")


def _listed(rows: pd.DataFrame, name: str) -> str:
    """Return the values of a column, at most eight of them."""
    found = sorted(set(rows[name]) - {""})
    words = [f"{value:,}" if name == "batch_size" else str(value) for value in found]
    return ", ".join(words[:8]) + (f" and {len(words) - 8:,} more" if len(words) > 8 else "")  # noqa: PLR2004


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _range(values: pd.Series) -> str:
    low, high = units.ratio(values.min()), units.ratio(values.max())
    return low if low == high else f"{low} to {high}"
