"""The decision table: as text and Markdown for people, and as CSV and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np
import pandas as pd
from rich.table import Table

from report.run import machines
from report.run.decisions import DECISION, DECISION_COLUMNS, Decisions, Outcome
from report.table.keys import REFUSED
from report.write import machines as machines_text
from report.write import records, sections, tables, units, words
from report.write.sections import Section

NAMES = ("batch", "fastest", "per {unit}", "to numpy", "margin")
"""The headings of the columns."""


def write(decisions: Decisions, form: str, width: int, *, colour: bool = False) -> str:
    """Return the decision table in one of `sections.FORMATS`."""
    if form == "csv":
        return records.as_csv(_rows(decisions))
    if form == "json":
        return as_json(decisions)
    return text(decisions, None if form == "markdown" else width, colour=colour)


def text(decisions: Decisions, width: int | None, *, colour: bool = False) -> str:
    """Return the decision table for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    shown = [*machines_text.shown(decisions.cases, width), *_sections(decisions, width)]
    parts = sections.parts(shown, closing=_closing(decisions))
    return tables.render(parts, width, colour=colour)


def as_json(decisions: Decisions) -> str:
    """Return the decision table as one JSON object. Unknown values are `null`."""
    whole = {
        "intervals": words.replication(decisions.cases),
        "notes": [*filter(None, [words.without_ratio(decisions.cases)]), *words.mixed(decisions.mixed)],
        "counts": decisions.counts,
        "decisions": records.plain(_rows(decisions)),
    }
    if machines.several(decisions.cases):
        whole["machines"] = records.plain(machines.compare(decisions.cases))
    return records.as_json(whole)


def _rows(decisions: Decisions) -> pd.DataFrame:
    """Return the table as a file has it: with the reasons why no backend has a time, and lists as text."""
    groups = dict(iter(decisions.cases.groupby([*DECISION])))
    keys = decisions.rows[[*DECISION]].itertuples(index=False, name=None)
    reasons = [
        "; ".join(sections.reasons(groups[key], 1)) if verdict == Outcome.NO_TIME else ""
        for key, verdict in zip(keys, decisions.rows["verdict"], strict=True)
    ]
    not_separated = decisions.rows["not_separated"].map("; ".join)
    return decisions.rows.assign(reason=reasons, not_separated=not_separated)[[*DECISION, *DECISION_COLUMNS]]


def _sections(decisions: Decisions, width: int | None) -> Iterator[Section]:
    both = zip(sections.grouped(decisions.rows), sections.grouped(decisions.cases), strict=True)
    for (heading, unit, decided), (_, _, cases) in both:
        timed = decided[decided["verdict"] != Outcome.NO_TIME]
        yield Section(heading, [_table(decided, unit, width)] if len(timed) else [], list(_notes(cases, timed)))


def _table(decided: pd.DataFrame, unit: str, width: int | None) -> Table:
    """Return the table of a section's decisions. If it is too wide, the names of the backends are wrapped.

    The ratios are left out if no decision has one.
    """
    shown = [name != "to numpy" or decided["ratio"].notna().any() for name in NAMES]
    names = [name.format(unit=unit) for name in compress(NAMES, shown)]
    part = tables.table(names, words=("fastest", "margin"))
    lines = [tuple(compress((f"{row['batch_size']:,}", *_texts(row)), shown)) for _, row in decided.iterrows()]
    if width is not None:
        part.columns[1].max_width = max(_longest(decided), width - _width(names, lines))
    part.columns[1].no_wrap = part.columns[-1].no_wrap = False
    for line in lines:
        tables.add_row(part, *line)
    return part


def _longest(decided: pd.DataFrame) -> int:
    """Return the width of the longest name of a backend, with a comma."""
    return max(len(f"{name},") for _, row in decided.iterrows() for name in (row["fastest"], *row["not_separated"]))


def _width(names: Sequence[str], lines: Sequence[tuple[str, ...]]) -> int:
    """Return the width of all columns but that of the backends."""
    widths = [max(map(len, [name, *texts])) for name, texts in zip(names, zip(*lines, strict=True), strict=True)]
    return sum(widths) - widths[1] + tables.MARGIN * len(names)


def _texts(row: pd.Series) -> tuple[str, str, str, str]:
    """Return a decision in words: the fastest backends, their time and ratio to NumPy, and the margin."""
    if row["verdict"] == Outcome.NO_TIME:
        return "–", "–", "–", "no time, see below"
    names = ", ".join([row["fastest"], *row["not_separated"]])
    ratio = "–" if np.isnan(row["ratio"]) else units.ratio(row["ratio"])
    return names, units.seconds(row["seconds_per_step"]), ratio, _margin(row)


def _margin(row: pd.Series) -> str:
    if row["verdict"] != Outcome.FASTEST:
        return str(row["verdict"])
    low, high = units.digits(row["margin_low"]), units.digits(row["margin_high"])
    return f"{units.ratio(row['margin'])} [{low}, {high}] {row['runner_up']}"


def _notes(cases: pd.DataFrame, timed: pd.DataFrame) -> Iterator[str]:
    """Yield why cases have no time.

    A case that its backend refused in every launch is left out, since it cannot have been the fastest; unless no case
    of its batch size has a time.
    """
    refused = cases["status"].isin(REFUSED) & (cases["failed"] == cases["launches"])
    undecided = ~cases["batch_size"].isin(timed["batch_size"])
    yield from sections.reasons(cases[~refused | undecided], cases["batch_size"].nunique())


def _closing(decisions: Decisions) -> list[str]:
    with_ratio = decisions.cases["ratio"].notna().any()
    times, either = ("times and ratios to numpy", "times, or of ratios,") if with_ratio else ("the times", "times")
    counts = ", ".join(f"{what} {count:,}" for what, count in decisions.counts.items())
    return [
        f"Of {units.count(len(decisions.rows), 'row')}: {counts}.",
        f"Margin: how many times as long the runner-up takes. Its interval covers those of {times}.",
        f"Not separated: the interval of the quotient of their {either} holds 1.",
        *filter(None, [words.without_ratio(decisions.cases)]),
        words.replication(decisions.cases),
        *words.mixed(decisions.mixed),
    ]
