"""The summary of a run: a table for each group of cases, a row a backend, a column a batch size.

A case shows its time per step and, where the terminal is wide enough for all tables, its ratio to NumPy. `*` marks the
fastest of a column, where its intervals of time and of ratio are apart from those of all others. `~` marks a noisy
case. Notes below a table say why cases have no time, and what the self-audit found.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from report.errors import printable
from report.run import cases
from report.run.cases import NOISY
from report.run.decisions import decide
from report.run.fastest import fastest
from report.table import warnings
from report.table.keys import in_order
from report.write import output, sections, tables, units, words
from report.write.sections import Section
from report.write.text import decisions

MAX_SECTIONS = 6
"""Nobody reads more sections than these in a terminal."""


def text(frame: pd.DataFrame, width: int, *, colour: bool = False) -> str:
    """Return the summary for a terminal of `width` columns."""
    return _rendered(cases.from_rows(frame), width, colour=colour)


def markdown(frame: pd.DataFrame) -> str:
    """Return the summary as Markdown."""
    return _rendered(cases.from_rows(frame), None)


def write_markdown(frame: pd.DataFrame, path: Path) -> None:
    """Write the summary beside the CSV at `path`, with the ending `.md`.

    Raises `ReportError` if it cannot be written, or if a file of that name is there that the project did not make.
    """
    output.write_text(path.with_suffix(".md"), markdown(frame), (path,))


def ending(frame: pd.DataFrame, path: Path, width: int, *, colour: bool = False) -> str:
    """Return what a race prints at its end: the summary; for a long race, whose CSV is `path`, the decision table."""
    every = cases.from_rows(frame)
    timed = cases.timed(every)
    if len(list(sections.grouped(timed))) <= MAX_SECTIONS:
        return _rendered(every, width, colour=colour)
    warned = int((timed["warnings"] != "").sum())
    return (
        f"{decisions.text(decide(frame), width, colour=colour)}\n"
        f"Of {units.count(len(timed), 'case')}, {int(cases.noisy(timed).sum()):,} are noisy and {warned:,} have "
        f"warnings.\npython -m report show {path} shows all of them, and says why.\n"
    )


def _rendered(every: pd.DataFrame, width: int | None, *, colour: bool = False) -> str:
    groups = list(sections.grouped(every))
    ratios = all(tables.fits(_columns(rows, ratios=True), width) for _, _, rows in groups)
    of_groups = (_section(*group, width, ratios=ratios) for group in groups)
    parts = sections.parts(of_groups, _legend(every, ratios=ratios), _closing(every))
    return tables.render(parts, width, colour=colour)


def _section(heading: str, unit: str, rows: pd.DataFrame, width: int | None, *, ratios: bool) -> Section:
    timed, sizes = cases.timed(rows), rows["batch_size"].nunique()
    columns = _columns(rows, ratios=ratios)
    first = ("backend", columns.pop("backend"))
    shown = list(tables.side_by_side(first, columns, width, ("backend",)))
    title = f"{heading}: time per {unit}" if len(timed) else heading
    return Section(title, shown, [*sections.reasons(rows, sizes), *_warnings(rows, sizes)])


def _columns(rows: pd.DataFrame, *, ratios: bool) -> dict[str, list[str]]:
    """Return the columns of the table: the backends, and the cases of each batch size."""
    timed = cases.timed(rows)
    backends = _fastest_first(timed)
    sizes = {size: timed[timed["batch_size"] == size] for size in sorted(set(timed["batch_size"]))}
    columns = {f"{size:,}": _column(same, backends, ratios=ratios) for size, same in sizes.items()}
    return {"backend": backends} | columns


def _fastest_first(timed: pd.DataFrame) -> list[str]:
    """Return the backends by their times, over the fastest at each batch size, the geometric mean of all sizes."""
    over = timed["seconds"] / timed.groupby("batch_size")["seconds"].transform("min")
    means = over.map(np.log).groupby(timed["backend"]).mean()
    return [str(name) for name in means.sort_values(kind="stable").index]


def _column(rows: pd.DataFrame, backends: list[str], *, ratios: bool) -> list[str]:
    """Return the cases of a batch size, one a backend; an empty text for a backend without a time."""
    found = fastest(rows)
    best = found.backend if found is not None and found.separated else None
    here = {row["backend"]: _case(row, best=row["backend"] == best, ratios=ratios) for _, row in rows.iterrows()}
    return [here.get(name, "") for name in backends]


def _case(row: pd.Series, *, best: bool, ratios: bool) -> str:
    marks = ("~" if cases.noisy(row) else "") + ("*" if best else "")
    time = f"{marks}{units.seconds(row['seconds_per_step'])}"
    if not ratios:
        return time
    return f"{time} {'×–' if pd.isna(row['ratio']) else units.ratio(row['ratio'])}"


def _warnings(rows: pd.DataFrame, batch_sizes: int) -> Iterator[str]:
    """Yield a line for each warning about the cases, with those cases and the remedy."""
    found = [warnings.split(text) for text in rows["warnings"]]
    for warning in sorted({warning for some in found for warning in some}):
        same = rows[[warning in some for some in found]]
        of = {name: same[same["backend"] == name] for name in in_order(same["backend"])}
        which = (f"{name}{sections.where(some, batch_sizes)}" for name, some in of.items())
        yield printable(f"{warning.name}: {'; '.join(which)}: {warning.remedy}")


def _legend(every: pd.DataFrame, *, ratios: bool) -> list[str]:
    timed = cases.timed(every)
    if timed.empty:
        return []
    noisy = f"{int(cases.noisy(timed).sum())} of {units.count(len(timed), 'case')}"
    return [
        f"Fastest backend first. A column is a batch size.{' × is the ratio to NumPy.' * ratios}",
        "* fastest: its intervals of time and of ratio are apart from the others'.",
        f"~ noisy: the 95 % interval is wider than ± {units.percent(NOISY)} ({noisy}).",
    ]


def _closing(every: pd.DataFrame) -> list[str]:
    return [
        words.replication(every),
        "python -m report best names the fastest backends, and costs shows where the time goes.",
    ]
