"""The table of times to target: as text and Markdown for people, and as CSV and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from rich.table import Table

from report.run.targets import RACE, TARGET, TARGET_COLUMNS, Outcome, Targets
from report.table.keys import CONDITIONS, REFUSED, SGD
from report.write import records, sections, tables, units, words
from report.write.sections import Section

MARKS = {Outcome.FIRST: "*", Outcome.NOT_SEPARATED: "="}

LEGEND = (
    "A table is of the batch size at its top. The first to arrive stands first: each optimizer in its best backend.",
    "* first: separated from all other optimizers and backends.",
    "= not separated: the interval of the quotient with the lowest time, or with the next, holds 1.",
)

NEVER = "never: no descent of that length reaches the target, or nobody measured when (--only-times)"

TO_TARGET = "To target: the measured time of the shortest descent that leaves 1 % of the way from the first loss down."

NAMES = ("backend", "to target", "steps", "rate", "× first")


def write(targets: Targets, form: str, width: int, *, colour: bool = False) -> str:
    """Return the table in one of `sections.FORMATS`."""
    if form == "csv":
        return records.as_csv(_plain(targets))
    if form == "json":
        return as_json(targets)
    return text(targets, None if form == "markdown" else width, colour=colour)


def text(targets: Targets, width: int | None, *, colour: bool = False) -> str:
    """Return the table for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    parts = sections.parts(_sections(targets, width), LEGEND, _closing(targets))
    return tables.render(parts, width, colour=colour)


def as_json(targets: Targets) -> str:
    """Return the table as one JSON object. Unknown values are `null`."""
    return records.as_json(
        {
            "intervals": words.replication(targets.cases),
            "notes": [*words.mixed(targets.mixed)],
            "counts": targets.counts,
            "targets": records.plain(_plain(targets)),
        }
    )


def _plain(targets: Targets) -> pd.DataFrame:
    """Return the table as a file has it, with lists as text."""
    lists = {name: targets.rows[name].map("; ".join) for name in ("ties", "lacking")}
    return targets.rows.assign(**lists)[[*TARGET, *TARGET_COLUMNS]]


def _sections(targets: Targets, width: int | None) -> Iterator[Section]:
    rows = targets.rows
    mixed = [name for name in CONDITIONS if len(rows[name].unique()) > 1]
    both = zip(rows.groupby([*RACE]), targets.cases.groupby([*RACE]), strict=True)
    for (keys, race), (_, every) in both:
        problem, sizes, operator, *others = keys
        heading = sections.heading((problem, sizes, operator, SGD, *others), mixed)
        parts = [_table(int(str(size)), same, width) for size, same in race.groupby("batch_size")]
        yield Section(f"{heading}: time to target", parts, list(_notes(race, every)))


def _table(batch_size: int, rows: pd.DataFrame, width: int | None) -> Table:
    """Return the table of one batch size: a line for each optimizer."""
    first = f"{batch_size:,}"
    part = tables.table([first, *NAMES], (first, "backend"))
    part.columns[1].no_wrap, part.columns[1].overflow = width is None, "fold"
    for _, row in rows.iterrows():
        tables.add_row(part, row["optimizer"], *_texts(row))
    return part


def _texts(row: pd.Series) -> Sequence[str]:
    if not row["backend"]:
        return "–", str(row["verdict"]), "–", "–", "–"
    seconds = units.seconds_within(row["target_seconds"], row["target_low"], row["target_high"])
    known = seconds if row["target_low"] > 0 else units.seconds(row["target_seconds"])
    rate = "–" if np.isnan(row["rate"]) else f"{row['rate']:.3g}"
    names = ", ".join([row["backend"], *row["ties"]])
    over = "–" if row["verdict"] == Outcome.ALONE else units.ratio(row["over_first"])
    return names, f"{MARKS.get(row['verdict'], '')}{known}", f"{row['target_steps']:,.0f}", rate, over


def _notes(race: pd.DataFrame, every: pd.DataFrame) -> Iterator[str]:
    """Yield which optimizers and backends never reach the target, and why others have no time."""
    sizes = race["batch_size"].nunique()
    if (race["verdict"] == Outcome.NEVER).any():
        yield NEVER
    reached = race[race["verdict"] != Outcome.NEVER]
    for lacking in sorted({row for row in reached["lacking"] if row}):
        for optimizer, same in reached[reached["lacking"] == lacking].groupby("optimizer"):
            yield f"{optimizer}: {', '.join(lacking)}{sections.where(same, sizes)}: never"
    yield from sections.reasons(every[~every["status"].isin(REFUSED)], sizes)


def _closing(targets: Targets) -> list[str]:
    races = targets.rows.groupby([*RACE, "batch_size"]).ngroups
    counts = ", ".join(f"{what} {count:,}" for what, count in targets.counts.items())
    return [
        f"Of {units.count(races, 'batch size')}: {counts}.",
        TO_TARGET,
        words.replication(targets.cases),
        *words.mixed(targets.mixed),
    ]
