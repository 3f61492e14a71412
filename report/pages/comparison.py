"""The page of a comparison: what got slower, how sure that is, and everything else below it."""

from __future__ import annotations

import math
from typing import Any

from report.compare.comparison import Comparison
from report.pages import document, tables
from report.statistics.verdict import Verdict
from report.write import charts, comparison_files
from report.write.headline import headline, interval, name_of
from report.write.text import comparison as texts

MOST = 80
"""So many lines of a forest can be read; the table has all cases."""

COLOURS = {
    Verdict.REGRESSED: ("#c8510a", "#ff8a4c", "triangle-right"),
    Verdict.IMPROVED: ("#0072b2", "#56b4e9", "triangle-left"),
    Verdict.INCONCLUSIVE: ("#9a7d00", "#e0c341", "diamond"),
}
"""Colours on white and in the dark, and shapes, of what a verdict says; what is left is grey."""

GREY = ("#6b7480", "#9aa4b0", "circle")

SHOWN = (
    ("base_seconds", "base", "seconds"),
    ("head_seconds", "head", "seconds"),
    ("ratio", "head / base", "factor"),
    ("low", "from", "factor"),
    ("high", "to", "factor"),
    ("verdict", "verdict", "text"),
    ("reason", "reason", "text"),
)


def page(comparison: Comparison, file: str) -> str:
    """Return the page of a comparison, whose cases it offers as the CSV `file`."""
    rows = comparison.rows.assign(name=[name_of(comparison, row) for _, row in comparison.rows.iterrows()])
    known = not math.isnan(comparison.threshold)
    data = tables.by_columns(rows) | {
        "spec": charts.forest(),
        "shown": [["name", "case", "text"], *map(list, SHOWN)],
        "looks": {str(verdict): [*COLOURS.get(verdict, GREY)] for verdict in Verdict},
        "threshold": comparison.threshold if known else None,
        "most": MOST,
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
        counts=comparison.counts,
        first=[(name_of(comparison, row), row, interval(row)) for _, row in _worst(comparison)],
        notes=texts.notes(comparison),
        means=comparison.means.to_dict("records"),
        file=file,
        csv=document.download(comparison_files.as_csv(comparison).encode()),
        most=MOST,
        cases=len(rows),
    )


def _worst(comparison: Comparison) -> Any:
    """Return the first cases that fail a gate."""
    failing = comparison.rows["verdict"].isin([Verdict.REGRESSED, Verdict.FAILED, Verdict.MISSING])
    return comparison.rows[failing].head(10).iterrows()
