"""Every release against one base, for people: the steps that are real, and a table for each case."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.table import Table

from report.compare.course import Course, Step
from report.table.keys import CASE
from report.write import tables, units
from report.write.tables import Heading, Notes, Part


def text(course: Course, width: int | None, *, colour: bool = False) -> str:
    """Return the course for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    return tables.render(_parts(course), width, colour=colour)


def titles(course: Course) -> pd.Series:
    """Return the name of each row's case: its backend, its batch size, and what else varies."""
    varying = [name for name in CASE if name in ("backend", "batch_size") or len(set(course.rows[name])) > 1]
    words = [name for name in varying if name != "batch_size"]
    batch = course.rows["batch_size"].map("{:,}".format)
    return course.rows[words].astype(str).agg(" ".join, axis="columns").str.strip() + " at " + batch


def step(row: pd.Series) -> str:
    """Return the step of a row: `slower ×1.10 [1.09, 1.11]`, or nothing if none was measured."""
    if not row["step"]:
        return ""
    return f"{row['step']} ×{units.factor_within(row['step_ratio'], row['step_low'], row['step_high'])}"


def _parts(course: Course) -> Iterator[Part]:
    base = next(iter(course.names.values()))
    yield f"{_headline(course)} All ratios are to {base}: above 1, slower than it."
    named = course.rows.assign(case=titles(course))
    if len(course.steps):
        yield Heading("Real steps")
        yield _steps(named.loc[course.steps.index])
    for case, rows in named.groupby("case", sort=False):
        yield Heading(str(case))
        yield _table(rows)
    note = (
        f"Each ratio is of {course.rows['pairs'].min()} process pairs or more, and its interval is its own. Verdicts "
        f"hold for all rows together at {units.percent(course.confidence)}, and so do steps (threshold "
        f"{units.percent(course.threshold)}). Neighbours that seemed to differ duelled with each other: a step is of "
        "those fresh pairs, and real if its interval is beyond half of the threshold."
    )
    yield Notes([note, *(f"passed over: {name}: {reason}" for name, reason in course.unusable.items())])


def _headline(course: Course) -> str:
    steps = course.steps["step"]
    counts = ", ".join(f"{int((steps == word).sum())} {word}" for word in (Step.SLOWER, Step.FASTER))
    found = f"{units.count(len(steps), 'real step')} ({counts})" if len(steps) else "No real step"
    return f"{found} in {units.count(len(set(course.rows['candidate'])), 'release')} of {course.what}."


def _steps(rows: pd.DataFrame) -> Table:
    part = tables.table(["in", "case", "after / before"], ("in", "case", "after / before"))
    for _, row in rows.iterrows():
        tables.add_row(part, f"{row['before']} → {row['candidate']}", row["case"], step(row))
    return part


def _table(rows: pd.DataFrame) -> Table:
    part = tables.table(["", "ratio to the base", "verdict", "step"], ("", "verdict", "step"))
    for _, row in rows.iterrows():
        ratio = f"×{units.factor_within(row['ratio'], row['low'], row['high'])}"
        tables.add_row(part, row["candidate"], ratio, row["verdict"], step(row))
    return part
