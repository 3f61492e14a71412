"""A comparison for people: the cases, worst first, what is to be known about them, and the geometric means last.

One table serves the terminal and Markdown. It shows the first `ROWS` cases and says how many more there are.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from report.compare.comparison import Comparison
from report.errors import printable
from report.statistics.verdict import Verdict
from report.write import sections, units
from report.write.compare_data import counted
from report.write.headline import headline, moved

ROWS = 200
"""So many rows can be read; more would not fit a CI job's summary either."""

REASONS = 20
"""So many reasons are told apart."""

SHOWN = ("backend", "batch_size")
"""The columns of the key that are always shown, alike or not."""

STYLE = {
    Verdict.REGRESSED: "bold red",
    Verdict.FAILED: "bold red",
    Verdict.MISSING: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.IMPROVED: "green",
}
DIRECTION = "Ratios are head over base: above 1, head is slower."


def text(comparison: Comparison, width: int, *, colour: bool = False) -> str:
    """Return the comparison for a terminal of `width` columns."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, highlight=False)
    for line in _opening(comparison):
        console.print(_wrapped(line, width))
    console.print(_cases(comparison))
    for note in notes(comparison):
        console.print(_wrapped(f"- {note}", width))
    console.print(_means(comparison))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def markdown(comparison: Comparison) -> str:
    """Return the comparison for a comment: the outcome in a line, the cases that moved, and the rest folded."""
    first = replace(comparison, rows=moved(comparison), notes=[])
    told = "\n".join(f"- {note}" for note in notes(comparison))
    folded = [*_opening(comparison), _cases(comparison), told, _means(comparison)]
    parts = [
        f"**{headline(comparison)}**",
        *([_cases(first)] if len(first.rows) else []),
        f"<details><summary>{summary(comparison)}: all cases, and what is to be known about them</summary>",
        *folded,
        "</details>",
    ]
    out = io.StringIO()
    console = Console(file=out, width=10_000, color_system=None, highlight=False)
    for part in parts:
        if isinstance(part, Table):
            part.box = box.MARKDOWN
        console.print("", Text(part) if isinstance(part, str) else part, "", sep="\n")
    lines = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def summary(comparison: Comparison) -> str:
    """Return how many cases came out how, and at which threshold: `1 regressed, 19 unchanged (threshold 10 %)`."""
    return f"{counted(comparison)} (threshold {100 * comparison.threshold:.3g} %)"


def _wrapped(line: str, width: int) -> str:
    return escape(sections.wrapped(line, width))


def _opening(comparison: Comparison) -> list[str]:
    varying, first = _varying(comparison.key, _shown(comparison)), _shown(comparison).iloc[0]
    same = ", ".join(
        f"{name} {_word(first[name])}" for name in comparison.key if name not in varying and first[name] != ""
    )
    lines = [f"base: {comparison.base}", f"head: {comparison.head}", f"cases: {same}" if same else ""]
    return [*filter(None, lines), f"{summary(comparison)}. {DIRECTION}"]


def _shown(comparison: Comparison) -> pd.DataFrame:
    """Return the cases that the table shows: what has no time on either side is told by its reason alone."""
    timed = comparison.rows[comparison.rows["verdict"] != Verdict.UNTIMED]
    return comparison.rows if timed.empty else timed


def _varying(key: tuple[str, ...], rows: pd.DataFrame) -> list[str]:
    """Return the columns that tell the cases apart, the backend first; it and the batch size are always shown."""
    shown = [name for name in key if name in SHOWN or (rows[name] != rows[name].iloc[0]).any()]
    return sorted(shown, key=lambda name: name not in SHOWN)


def _cases(comparison: Comparison) -> Table:
    part, rows = _table(), _shown(comparison)
    names = _varying(comparison.key, rows)
    words = [name for name in names if name != "batch_size"]
    part.add_column(", ".join(words), no_wrap=words == ["backend"])
    part.add_column("batch", justify="right", no_wrap=True)
    for name in ("base", "head", "head / base"):
        part.add_column(name, justify="right", no_wrap=True)
    part.add_column("verdict", no_wrap=True)
    for _, row in rows.head(ROWS).iterrows():
        verdict = Verdict(row["verdict"])
        case = escape(" ".join(_word(row[name]) for name in words))
        size = _word(row["batch_size"]) if "batch_size" in names else ""
        part.add_row(case, size, *_figures(row), verdict, style=STYLE.get(verdict))
    return part


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def _figures(row: pd.Series) -> Iterator[str]:
    """Yield both medians, and the ratio with its interval; a dash for each that there is not."""
    for name in ("base_seconds", "head_seconds"):
        yield "–" if pd.isna(row[name]) else units.seconds(row[name])
    interval = "" if pd.isna(row["low"]) else f" [{units.factor(row['low'])}, {units.factor(row['high'])}]"
    yield "–" if pd.isna(row["ratio"]) else escape(f"{units.factor(row['ratio'])}{interval}")


def notes(comparison: Comparison) -> list[str]:
    """Return what is to be known about the cases: which are not shown, reasons, and the notes of who compared."""
    more = len(_shown(comparison)) - ROWS
    left = [f"{more:,} more cases are not shown; --format csv and json have them all"] if more > 0 else []
    return [*left, *_reasons(comparison), *comparison.notes]


def _reasons(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each reason, with the cases that it holds for."""
    told = comparison.rows[comparison.rows["reason"] != ""]
    groups = list(told.groupby(["verdict", "reason"], sort=False))
    for (verdict, reason), same in groups[:REASONS]:
        yield f"{verdict}: {_where(comparison, same)}: {printable(' '.join(str(reason).split()))}"
    if len(groups) > REASONS:
        yield f"{len(groups) - REASONS:,} more reasons are not shown; --format csv and json have them all"


def _where(comparison: Comparison, same: pd.DataFrame) -> str:
    """Return which cases these are: one by its name, several by their number and backends."""
    if len(same) == 1:
        return " ".join(_word(same[name].iloc[0]) for name in _varying(comparison.key, comparison.rows))
    backends = sorted(same["backend"].astype(str).unique()) if "backend" in comparison.key else []
    more = f" and {len(backends) - 3:,} more" if len(backends) > 3 else ""  # noqa: PLR2004
    return f"{len(same):,} cases" + (f" of {', '.join(backends[:3])}{more}" if backends else "")


def _means(comparison: Comparison) -> Table:
    part = _table()
    part.add_column("geometric mean")
    for name in ("cases", "head / base"):
        part.add_column(name, justify="right")
    for _, row in comparison.means.iterrows():
        part.add_row(escape(row["group"]), f"{row['cases']:,}", units.factor(row["ratio"]))
    return part


def _word(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | np.integer) else printable(str(value))
