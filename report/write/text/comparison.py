"""A comparison for people: the cases, worst first, what is to be known about them, and the geometric means last.

The same table serves the terminal and Markdown. It shows the first `MAX_ROWS` cases, and says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from rich.table import Table

from report.compare.comparison import Comparison
from report.errors import printable
from report.statistics.verdict import Verdict
from report.write import tables, units
from report.write.escapes import markdown_text
from report.write.headline import counted, headline, moved
from report.write.tables import Heading, Markup, Notes, Part
from report.write.text import findings

MAX_ROWS = 200
"""Nobody reads more rows, and more would not fit the summary of a CI job."""

MAX_REASONS = 20
"""How many reasons are listed."""

MAX_BACKENDS = 3
"""How many backends a reason names."""

SHOWN = ("backend", "batch_size")
"""The columns of the key that are always shown, whether they vary or not."""

GROUPED = ("problem", "sizes")
"""The columns of the key that head a table, where they vary."""

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
    return tables.render(_whole(comparison), width, colour=colour)


def markdown(comparison: Comparison) -> str:
    """Return the comparison for a comment: the outcome in a line, the cases that moved, and the rest folded."""
    first = replace(comparison, rows=moved(comparison), notes=[])
    parts: list[Part] = [
        Markup(f"**{markdown_text(headline(comparison))}**"),
        *(_cases(first) if len(first.rows) else []),
        Markup(f"<details><summary>{summary(comparison)}: all cases, and what is to be known about them</summary>"),
        *_whole(comparison),
        Markup("</details>"),
    ]
    return tables.render(parts, None)


def summary(comparison: Comparison) -> str:
    """Return how many cases have which verdict, and the threshold: `1 regressed, 19 unchanged (threshold 10 %)`."""
    return f"{counted(comparison)} (threshold {100 * comparison.threshold:.3g} %)"


def notes(comparison: Comparison) -> list[str]:
    """Return what is to be known about the cases: how many are not shown, reasons, and the comparison's own notes."""
    more = len(_shown(comparison)) - MAX_ROWS
    left = [f"{more:,} more cases are not shown; --format csv and json have them all"] if more > 0 else []
    return [*left, *_reasons(comparison), *map(findings.text, comparison.notes)]


def _whole(comparison: Comparison) -> Iterator[Part]:
    yield "\n".join(_opening(comparison))
    yield from _cases(comparison)
    yield Notes(notes(comparison))
    yield _means(comparison)


def _opening(comparison: Comparison) -> list[str]:
    rows = _shown(comparison)
    varying, first = _varying(comparison.key, rows), rows.iloc[0]
    same = ", ".join(
        f"{name} {_word(first[name])}" for name in comparison.key if name not in varying and first[name] != ""
    )
    lines = [f"base: {comparison.base}", f"head: {comparison.head}", f"cases: {same}" if same else ""]
    return [*filter(None, lines), f"{summary(comparison)}. {DIRECTION} {_times(comparison, rows)}"]


def _times(comparison: Comparison, rows: pd.DataFrame) -> str:
    """Return what the times are of."""
    if "operator" not in comparison.key or (rows["operator"] != "descent").any():
        return "Times are of one call."
    steps = set(rows["steps"]) if "steps" in comparison.key else set()
    return f"Times are of a descent of {steps.pop():,} steps." if len(steps) == 1 else "Times are of a whole descent."


def _shown(comparison: Comparison) -> pd.DataFrame:
    """Return the cases that the tables show: a case that has no time on either side is only named with its reason."""
    timed = comparison.rows[comparison.rows["verdict"] != Verdict.UNTIMED]
    return comparison.rows if timed.empty else timed


def _varying(key: tuple[str, ...], rows: pd.DataFrame) -> list[str]:
    """Return the columns that distinguish the cases, those of `SHOWN` first."""
    shown = [name for name in key if name in SHOWN or (rows[name] != rows[name].iloc[0]).any()]
    return sorted(shown, key=lambda name: name not in SHOWN)


def _cases(comparison: Comparison) -> Iterator[Part]:
    """Yield a table of the cases for each problem that they are of, the problem with the worst case first."""
    rows = _shown(comparison)
    varying = _varying(comparison.key, rows)
    grouped = [name for name in GROUPED if name in varying]
    names = [name for name in varying if name not in grouped]
    if not grouped:
        yield _table(names, rows.head(MAX_ROWS))
        return
    for values, same in rows.head(MAX_ROWS).groupby(grouped, sort=False, observed=True):
        problem, *sizes = map(str, values)
        yield Heading(problem + "".join(f" ({size})" for size in sizes if size))
        yield _table(names, same)


def _table(names: list[str], rows: pd.DataFrame) -> Table:
    words = [name for name in names if name != "batch_size"]
    title = ", ".join(words)
    part = tables.table([title, "batch", "base", "head", "head / base", "verdict"], (title, "verdict"))
    part.columns[0].no_wrap = words == ["backend"]
    for _, row in rows.iterrows():
        verdict = Verdict(row["verdict"])
        case = " ".join(_word(row[name]) for name in words)
        size = _word(row["batch_size"]) if "batch_size" in names else ""
        tables.add_row(part, case, size, *_figures(row), verdict, style=STYLE.get(verdict))
    return part


def _figures(row: pd.Series) -> Iterator[str]:
    """Yield both medians, and the ratio with its interval; a dash for each that is not known."""
    for name in ("base_seconds", "head_seconds"):
        yield "–" if pd.isna(row[name]) else units.seconds(row[name])
    interval = "" if pd.isna(row["low"]) else f" [{units.factor(row['low'])}, {units.factor(row['high'])}]"
    yield "–" if pd.isna(row["ratio"]) else f"{units.factor(row['ratio'])}{interval}"


def _reasons(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each reason, with the cases that it holds for."""
    found = comparison.rows.assign(reason=comparison.rows["reason"].map(findings.text))
    groups = list(found[found["reason"] != ""].groupby(["verdict", "reason"], sort=False))
    for (verdict, reason), same in groups[:MAX_REASONS]:
        yield f"{verdict}: {_where(comparison, same)}: {printable(' '.join(str(reason).split()))}"
    if len(groups) > MAX_REASONS:
        yield f"{len(groups) - MAX_REASONS:,} more reasons are not shown; --format csv and json have them all"


def _where(comparison: Comparison, same: pd.DataFrame) -> str:
    """Return which cases these are: a single case by its name, several by their number and backends."""
    if len(same) == 1:
        return " ".join(_word(same[name].iloc[0]) for name in _varying(comparison.key, comparison.rows))
    backends = sorted(same["backend"].astype(str).unique()) if "backend" in comparison.key else []
    return f"{len(same):,} cases" + (f" of {units.some(backends, MAX_BACKENDS)}" if backends else "")


def _means(comparison: Comparison) -> Table:
    part = tables.table(["geometric mean", "cases", "head / base"], ("geometric mean",))
    for _, row in comparison.means.iterrows():
        tables.add_row(part, row["group"], f"{row['cases']:,}", units.factor(row["ratio"]))
    return part


def _word(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | np.integer) else printable(str(value))
