"""A comparison for people: the cases, worst first, notes on them, and the geometric means last.

The terminal and Markdown have the same tables. They show the first `MAX_ROWS` cases, and say how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from rich.table import Table

from report.compare.comparison import Comparison
from report.errors import printable, some
from report.statistics.verdict import Verdict
from report.table.keys import goes_without_saying
from report.write import sections, tables, units
from report.write.escapes import markdown_text
from report.write.headline import counted, headline, moved, name_of, threshold
from report.write.tables import Heading, Markup, Notes, Part
from report.write.text import explanation, findings

MAX_ROWS = 200
"""How many cases are shown. Nobody reads more, and more would not fit the summary of a CI job."""

MAX_REASONS = 20
"""How many reasons are listed."""

MAX_BACKENDS = 3
"""How many backends a reason names."""

ALWAYS_SHOWN = ("backend", "batch_size")
"""The columns of the key that are shown even if they do not vary."""

GROUPED = ("problem", "sizes")
"""The columns of the key that become the heading of a table, if they vary."""

STYLE = {
    Verdict.REGRESSED: "bold red",
    Verdict.FAILED: "bold red",
    Verdict.MISSING: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.IMPROVED: "green",
}
DIRECTION = "Ratios are head over base: above 1, head is slower."
INTERVALS = "Intervals are 95 % and of one case; regressed and improved hold for all cases together"


def text(comparison: Comparison, width: int, *, colour: bool = False) -> str:
    """Return the comparison for a terminal of `width` columns."""
    return tables.render([*parts(comparison), *_explained(comparison)], width, colour=colour)


def markdown(comparison: Comparison) -> str:
    """Return the comparison for a comment: the outcome in a line, the cases that moved, and the rest folded."""
    first = replace(comparison, rows=moved(comparison))
    shown: list[Part] = [
        Markup(f"**{markdown_text(headline(comparison))}**"),
        *(_cases(first) if len(first.rows) else []),
        Markup(f"<details><summary>{_summary(comparison)}: all cases, with notes</summary>"),
        *parts(comparison),
        Markup("</details>"),
        *_folded(comparison),
    ]
    return tables.render(shown, None)


def _explained(comparison: Comparison) -> Iterator[Part]:
    """Yield the evidence about the cases that changed, if it was asked for."""
    if opening := explanation.opening(comparison):
        yield from sections.parts(explanation.sections(comparison), opening)


def _folded(comparison: Comparison) -> Iterator[Part]:
    if comparison.explanations is not None:
        yield Markup("<details><summary>What differs in the cases that changed</summary>")
        yield from _explained(comparison)
        yield Markup("</details>")


def notes(comparison: Comparison) -> list[str]:
    """Return the notes on the cases: how many are not shown, the reasons, and the comparison's own notes."""
    more = len(_shown(comparison)) - MAX_ROWS
    not_shown = [f"{more:,} more cases are not shown; --format csv and json have them all"] if more > 0 else []
    return [*not_shown, *_reasons(comparison), *map(findings.text, comparison.notes)]


def parts(comparison: Comparison) -> Iterator[Part]:
    """Yield what was compared, the table of the cases, the notes, and the geometric means."""
    yield "\n".join(_opening(comparison))
    yield from _cases(comparison)
    yield Notes(notes(comparison))
    yield _means(comparison)


def _opening(comparison: Comparison) -> list[str]:
    """Return what was compared, what all cases have in common, and what the figures mean."""
    rows = _shown(comparison)
    varying, first = _varying(comparison.key, rows), rows.iloc[0]
    shared = [name for name in comparison.key if name not in varying and not goes_without_saying(name, first[name])]
    common = [f"{name} {_word(first[name])}" for name in shared]
    lines = [f"base: {comparison.base}", f"head: {comparison.head}", f"cases: {', '.join(common)}" if common else ""]
    intervals = f"{INTERVALS}, at {units.percent(comparison.confidence)}."
    return [*filter(None, lines), f"{_summary(comparison)}. {DIRECTION} {_times(comparison, rows)} {intervals}"]


def _summary(comparison: Comparison) -> str:
    """Return how many cases have which verdict, and the threshold: `1 regressed, 19 unchanged (threshold 10 %)`."""
    return f"{counted(comparison)}{threshold(comparison)}"


def _times(comparison: Comparison, rows: pd.DataFrame) -> str:
    """Return the sentence that says what the times are of: a call or a descent."""
    if "operator" not in comparison.key or (rows["operator"] != "descent").any():
        return "Times are of one call."
    steps = set(rows["steps"]) if "steps" in comparison.key else set()
    return f"Times are of a descent of {steps.pop():,} steps." if len(steps) == 1 else "Times are of a whole descent."


def _shown(comparison: Comparison) -> pd.DataFrame:
    """Return the cases that the tables show. A case without a time on either side is named only with its reason."""
    timed = comparison.rows[comparison.rows["verdict"] != Verdict.UNTIMED]
    return comparison.rows if timed.empty else timed


def _varying(key: tuple[str, ...], rows: pd.DataFrame) -> list[str]:
    """Return the columns that distinguish the cases, those of `ALWAYS_SHOWN` first."""
    varying = [name for name in key if name in ALWAYS_SHOWN or (rows[name] != rows[name].iloc[0]).any()]
    return sorted(varying, key=lambda name: name not in ALWAYS_SHOWN)


def _cases(comparison: Comparison) -> Iterator[Part]:
    """Yield a table for each problem and its sizes, with a heading if there are several. The worst case is first."""
    rows = _shown(comparison)
    varying = _varying(comparison.key, rows)
    grouped = [name for name in GROUPED if name in varying]
    columns = [name for name in varying if name not in grouped]
    if not grouped:
        yield _table(columns, rows.head(MAX_ROWS))
        return
    for values, same in rows.head(MAX_ROWS).groupby(grouped, sort=False, observed=True):
        first, *others = map(str, values)
        yield Heading(first + "".join(f" ({value})" for value in others if value))
        yield _table(columns, same)


def _table(columns: list[str], rows: pd.DataFrame) -> Table:
    """Return the table of some cases. The columns of the key that are words share the first column of the table."""
    words = [name for name in columns if name != "batch_size"]
    title = ", ".join(words)
    part = tables.table([title, "batch", "base", "head", "head / base", "verdict"], (title, "verdict"))
    part.columns[0].no_wrap = False  # where a row is too wide, its name takes two lines, and no figure is cut
    part.columns[0].overflow = "fold"
    for _, row in rows.iterrows():
        verdict = Verdict(row["verdict"])
        case = " ".join(_word(row[name]) for name in words)
        size = _word(row["batch_size"]) if "batch_size" in columns else ""
        tables.add_row(part, case, size, *_figures(row), verdict, style=STYLE.get(verdict))
    return part


def _figures(row: pd.Series) -> Iterator[str]:
    """Yield both medians, and the ratio with its interval. A figure that is not known is a dash."""
    for name in ("base_seconds", "head_seconds"):
        yield "–" if pd.isna(row[name]) else units.seconds(row[name])
    yield "–" if pd.isna(row["ratio"]) else units.factor_within(row["ratio"], row["low"], row["high"])


def _reasons(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each reason, with the cases that have it."""
    rows = comparison.rows.assign(reason=comparison.rows["reason"].map(findings.text))
    groups = list(rows[rows["reason"] != ""].groupby(["verdict", "reason"], sort=False))
    for (verdict, reason), same in groups[:MAX_REASONS]:
        yield f"{verdict}: {_which(comparison, same)}: {printable(' '.join(str(reason).split()))}"
    if len(groups) > MAX_REASONS:
        yield f"{len(groups) - MAX_REASONS:,} more reasons are not shown; --format csv and json have them all"


def _which(comparison: Comparison, same: pd.DataFrame) -> str:
    """Return which cases these are: a single case by its name, several by their number and backends."""
    if len(same) == 1:
        return name_of(comparison, same.iloc[0])
    backends = sorted(same["backend"].astype(str).unique()) if "backend" in comparison.key else []
    return f"{len(same):,} cases" + (f" of {some(backends, MAX_BACKENDS)}" if backends else "")


def _means(comparison: Comparison) -> Table:
    part = tables.table(["geometric mean", "cases", "head / base"], ("geometric mean",))
    for _, row in comparison.means.iterrows():
        tables.add_row(part, row["group"], f"{row['cases']:,}", units.factor(row["ratio"]))
    return part


def _word(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | np.integer) else printable(str(value))
