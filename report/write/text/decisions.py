"""The decision table: for people, and as CSV and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from rich.table import Table

from report.run.decisions import DECISION, DECISION_COLUMNS, Decisions, Outcome
from report.table.keys import REFUSED
from report.write import records, sections, tables, units, words
from report.write.sections import Section

NAMES = ("batch", "fastest", "a {unit}", "to numpy", "margin")


def write(decisions: Decisions, form: str, width: int, *, colour: bool = False) -> str:
    """Return the decision table in one of `sections.FORMATS`."""
    if form == "csv":
        return records.as_csv(_rows(decisions))
    if form == "json":
        return as_json(decisions)
    return text(decisions, None if form == "markdown" else width, colour=colour)


def text(decisions: Decisions, width: int | None, *, colour: bool = False) -> str:
    """Return the decision table for a terminal of `width` columns; as Markdown where that is `None`."""
    parts = sections.parts(_sections(decisions, width), closing=_closing(decisions))
    return tables.render(parts, width, colour=colour)


def as_json(decisions: Decisions) -> str:
    """Return the decision table as one JSON object; what is not known is `null`."""
    whole = {
        "intervals": words.replication(decisions.cases),
        "notes": list(words.mixed(decisions.mixed)),
        "counts": decisions.counts,
        "decisions": records.plain(_rows(decisions)),
    }
    return records.as_json(whole)


def _rows(decisions: Decisions) -> pd.DataFrame:
    """Return the table with its `reason`: why no backend has a time."""
    groups = dict(iter(decisions.cases.groupby([*DECISION])))
    untimed = decisions.rows["verdict"] == Outcome.NO_TIME
    keys = decisions.rows[[*DECISION]].itertuples(index=False, name=None)
    reasons = [
        "; ".join(sections.reasons(groups[key], 1)) if without else ""
        for key, without in zip(keys, untimed, strict=True)
    ]
    return decisions.rows.assign(reason=reasons)[[*DECISION, *DECISION_COLUMNS]]


def _sections(decisions: Decisions, width: int | None) -> Iterator[Section]:
    both = zip(sections.grouped(decisions.rows), sections.grouped(decisions.cases), strict=True)
    for (heading, unit, decided), (_, _, cases) in both:
        timed = decided[decided["verdict"] != Outcome.NO_TIME]
        yield Section(heading, [_table(decided, unit, width)] if len(timed) else [], list(_notes(cases, timed)))


def _table(decided: pd.DataFrame, unit: str, width: int | None) -> Table:
    """Return the decisions of a section. Where they are too wide, the names of the backends are wrapped."""
    names = [name.format(unit=unit) for name in NAMES]
    part = tables.table(names, words=("fastest", "margin"))
    lines = [(f"{row['batch_size']:,}", *_texts(row)) for _, row in decided.iterrows()]
    widths = [max(map(len, [name, *texts])) for name, texts in zip(names, zip(*lines, strict=True), strict=True)]
    longest = max(len(f"{name},") for line in lines for name in line[1].split(", "))
    if width is not None:
        others = sum(widths) - widths[1] + tables.MARGIN * len(names)
        part.columns[1].max_width = max(longest, width - others)
    part.columns[1].no_wrap = part.columns[-1].no_wrap = False
    for line in lines:
        tables.add_row(part, *line)
    return part


def _texts(row: pd.Series) -> tuple[str, str, str, str]:
    """Return a decision in words: the fastest, its time and ratio to NumPy, and the margin."""
    if row["verdict"] == Outcome.NO_TIME:
        return "–", "–", "–", "no time, see below"
    names = ", ".join(filter(None, [row["fastest"], *row["not_separated"].split("; ")]))
    ratio = "–" if np.isnan(row["ratio"]) else units.ratio(row["ratio"])
    return names, units.seconds(row["seconds_per_step"]), ratio, _margin(row)


def _margin(row: pd.Series) -> str:
    if row["verdict"] != Outcome.FASTEST:
        return str(row["verdict"])
    low, high = units.digits(row["margin_low"]), units.digits(row["margin_high"])
    return f"{units.ratio(row['margin'])} [{low}, {high}] {row['runner_up']}"


def _notes(cases: pd.DataFrame, timed: pd.DataFrame) -> Iterator[str]:
    """Yield the reasons of cases that might have been the fastest, and of all cases where nothing has a time."""
    refused = cases["status"].isin(REFUSED) & (cases["failed"] == cases["launches"])
    nothing = ~cases["batch_size"].isin(timed["batch_size"])
    yield from sections.reasons(cases[~refused | nothing], cases["batch_size"].nunique())


def _closing(decisions: Decisions) -> list[str]:
    counts = ", ".join(f"{what} {count:,}" for what, count in decisions.counts.items())
    return [
        f"Of {units.count(len(decisions.rows), 'row')}: {counts}.",
        "Margin: how many times as long the runner-up takes, with the interval of both times and ratios to numpy.",
        "Not separated: the intervals of the times, or of the ratios, overlap.",
        words.replication(decisions.cases),
        *words.mixed(decisions.mixed),
    ]
