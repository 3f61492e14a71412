"""`python -m report best`: which backend is the fastest, and by how much.

python -m report best RUN.csv
python -m report best --format csv RUN.csv MORE.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.markup import escape
from rich.table import Table

from report import table
from report.run import estimates
from report.run.decisions import Decisions, decide
from report.write import records, sections, units
from report.write.sections import Section

REFUSED = ("unsupported:", "unavailable:")
"""How the reason of a case begins that every launch refused: nobody expects it to be the fastest."""

EPILOG = """\
The fastest of each problem, operator, batch size, dtype and device, among the
backends whose answers are right, and how many times as long the runner-up
takes. not separated: the intervals, of time or of ratio to NumPy, overlap;
all backends of which that holds are named, the lowest time first.
"""


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "best",
        help="which backend is the fastest, and by how much",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="RUN.csv", type=Path, nargs="+", help="the run, or several of them")
    parser.add_argument("--format", choices=sections.FORMATS, default="text")
    parser.set_defaults(command=_main)


def _main(options: argparse.Namespace) -> int:
    print(write(decide(table.read_all(options.files)), options.format), end="")
    return 0


def write(decisions: Decisions, form: str) -> str:
    """Return the decision table in the form that `--format` names."""
    if form == "csv":
        return records.as_csv(decisions.rows)
    if form == "json":
        return as_json(decisions)
    if form == "markdown":
        return sections.markdown(_sections(decisions, None), _closing(decisions))
    return text(decisions, shutil.get_terminal_size().columns, colour=sys.stdout.isatty())


def text(decisions: Decisions, width: int, *, colour: bool = False) -> str:
    """Return the decision table for a terminal of `width` columns."""
    return sections.text(_sections(decisions, width), _closing(decisions), width, colour=colour)


def as_json(decisions: Decisions) -> str:
    """Return the decision table as one JSON object; what there is not is `null`."""
    whole = {
        "intervals": estimates.replication(decisions.cases),
        "notes": decisions.notes,
        "counts": decisions.counts,
        "decisions": records.plain(decisions.rows),
    }
    return records.as_json(whole)


def _sections(decisions: Decisions, width: int | None) -> Iterator[Section]:
    both = zip(sections.grouped(decisions.rows), sections.grouped(decisions.cases), strict=True)
    for (heading, unit, decided), (_, _, cases) in both:
        timed = decided[decided["verdict"] != "no time"]
        yield Section(heading, [_table(decided, unit, width)] if len(timed) else [], list(_notes(cases, timed)))


def _table(decided: pd.DataFrame, unit: str, width: int | None) -> Table:
    """Return the decisions of a section; where they are too wide, the names of the backends are wrapped first."""
    names = ["batch", "fastest", f"a {unit}", "to numpy", "margin"]
    part = sections.table(names, words=("fastest", "margin"))
    lines = [(f"{row['batch_size']:,}", *_cells(row)) for _, row in decided.iterrows()]
    widths = [max(map(len, [name, *cells])) for name, cells in zip(names, zip(*lines, strict=True), strict=True)]
    longest = max(len(f"{name},") for line in lines for name in line[1].split(", "))
    if width is not None:
        part.columns[1].max_width = max(longest, width - (sum(widths) - widths[1] + sections.MARGIN * len(names)))
    part.columns[1].no_wrap = part.columns[-1].no_wrap = False
    for line in lines:
        part.add_row(*map(escape, line))
    return part


def _cells(row: pd.Series) -> tuple[str, str, str, str]:
    """Return a decision in words: the fastest, its time and ratio to NumPy, and the margin."""
    if row["verdict"] == "no time":
        return "–", "–", "–", "no time, see below"
    names = ", ".join(filter(None, [row["fastest"], *row["not_separated"].split("; ")]))
    ratio = "–" if np.isnan(row["ratio"]) else units.ratio(row["ratio"])
    return names, units.seconds(row["seconds_per_step"]), ratio, _margin(row)


def _margin(row: pd.Series) -> str:
    if row["verdict"] != "fastest":
        return str(row["verdict"])
    low, high = units.digits(row["margin_low"]), units.digits(row["margin_high"])
    return f"{units.ratio(row['margin'])} [{low}, {high}] {row['runner_up']}"


def _notes(cases: pd.DataFrame, timed: pd.DataFrame) -> Iterator[str]:
    """Yield the reasons of what broke, which might have been the fastest, and of all where nothing has a time."""
    told = ~cases["reason"].str.startswith(REFUSED) | ~cases["batch_size"].isin(timed["batch_size"])
    yield from sections.notes(cases[told], cases["batch_size"].nunique())


def _closing(decisions: Decisions) -> list[str]:
    counts = ", ".join(f"{what} {count:,}" for what, count in decisions.counts.items())
    margin = (
        "Margin: how many times as long the runner-up takes; its interval covers that of the times and that of the "
        "ratios to numpy. Not separated: one of the two overlaps."
    )
    intervals = estimates.replication(decisions.cases)
    return [f"Of {len(decisions.rows):,} rows: {counts}.", margin, intervals, *decisions.notes]
