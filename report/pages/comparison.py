"""The page of a comparison: the cases that fail, the ratios with their intervals, and all cases in a table."""

from __future__ import annotations

import math

from rich.table import Table

from report.compare.comparison import FAILING, Comparison
from report.pages import document, payload
from report.write import comparison_files
from report.write.charts.forest import forest
from report.write.headline import headline, interval, name_of
from report.write.palette import VERDICTS
from report.write.text import comparison as texts
from report.write.text import explanation, findings

MAX_LINES = 80
"""Lines that the forest draws. The table has all cases."""

MAX_FAILING = 10
"""Cases that the list of those that fail names. The table has all."""

SHOWN = (
    ("base_seconds", "base", "seconds"),
    ("head_seconds", "head", "seconds"),
    ("ratio", "head / base", "factor"),
    ("low", "from", "factor"),
    ("high", "to", "factor"),
    ("verdict", "verdict", "text"),
    ("reason", "reason", "text"),
)
"""The columns of the table, after the name of the case."""


def page(comparison: Comparison, file: str) -> str:
    """Return the page of a comparison. It offers the cases as a CSV named `file`."""
    rows = comparison.rows.assign(
        name=[name_of(comparison, row) for _, row in comparison.rows.iterrows()],
        reason=comparison.rows["reason"].map(findings.text),
    )
    failing = rows[rows["verdict"].isin(FAILING)].head(MAX_FAILING)
    known = not math.isnan(comparison.threshold)
    data = payload.by_columns(rows) | {
        "spec": forest(),
        "shown": [["name", "case", "text"], *map(list, SHOWN)],
        "looks": {str(verdict): [*look] for verdict, look in VERDICTS.items()},
        "threshold": comparison.threshold if known else None,
        "most": MAX_LINES,
    }
    return document.render(
        "comparison.html",
        ("comparison.js",),
        data,
        headline=headline(comparison),
        base=comparison.base,
        head=comparison.head,
        threshold=f"{100 * comparison.threshold:.3g} %" if known else "",
        confidence=f"{100 * comparison.confidence:.3g} %",
        failing=[(row, "" if math.isnan(row["ratio"]) else interval(row)) for _, row in failing.iterrows()],
        notes=texts.notes(comparison),
        explained=explanation.opening(comparison),
        causes=[
            (part.heading, list(map(_cells, part.tables)), part.notes) for part in explanation.sections(comparison)
        ],
        means=comparison.means.to_dict("records"),
        file=file,
        csv=document.download(comparison_files.as_csv(comparison).encode()),
        most=MAX_LINES,
        cases=len(rows),
    )


def _cells(table: Table) -> list[list[str]]:
    """Return the rows of a table as texts, its headings first."""
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]
