"""The summary of a run: one table a problem, dtype and device; rows are batch sizes, columns backends.

A cell is the median time per step and its ratio to NumPy. `*` marks the fastest of a row, where its intervals, of time
and of ratio, are apart from the others'. `~` marks a cell whose interval is wide: the machine was noisy there. What
has no time is explained below the table, and so is what the harness itself doubts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from report.commands import best
from report.errors import printable
from report.run import estimates
from report.run.decisions import decide
from report.run.fastest import fastest
from report.table.keys import in_order
from report.write import sections, units
from report.write.sections import Section

LONG = 6
"""More sections than these nobody reads in a terminal."""

NOISY = 0.05
"""An interval whose half-width is more than this share of its median is called noisy."""


def text(frame: pd.DataFrame, width: int, *, colour: bool = False) -> str:
    """Return the summary for a terminal of `width` columns."""
    cases = estimates.of_cases(frame)
    return sections.text(_sections(cases, width), _legend(cases), width, colour=colour)


def ending(frame: pd.DataFrame, path: Path, width: int, *, colour: bool = False) -> str:
    """Return what a race ends with: the summary, or of a long one, kept at `path`, who is the fastest where."""
    cases = estimates.of_cases(frame)
    timed = estimates.timed(cases)
    if len(list(sections.grouped(timed))) <= LONG:
        return text(frame, width, colour=colour)
    doubted = int((timed["warnings"].fillna("") != "").sum())
    return (
        f"{best.text(decide(frame), width, colour=colour)}"
        f"Of {len(timed):,} cells {int(noisy(timed).sum()):,} are noisy, {doubted:,} doubted by the harness itself.\n"
        f"python -m report show {path} has them all, and says why.\n"
    )


def markdown(frame: pd.DataFrame) -> str:
    """Return the summary as Markdown."""
    cases = estimates.of_cases(frame)
    return sections.markdown(_sections(cases, None), _legend(cases))


def write_markdown(frame: pd.DataFrame, path: Path) -> None:
    """Write the summary beside the CSV at `path`, with `.md` for an ending."""
    path.with_suffix(".md").write_text(markdown(frame), encoding="utf-8")


def _sections(cases: pd.DataFrame, width: int | None) -> Iterator[Section]:
    for what, unit, rows in sections.grouped(cases):
        tables = list(_tables(rows, width))
        notes = [*sections.notes(rows, rows["batch_size"].nunique()), *_doubts(rows)]
        yield Section(f"{what}: time per {unit}, ratio to numpy", tables, notes)


def _tables(cases: pd.DataFrame, width: int | None) -> Iterator[Table]:
    """Yield the table, cut into several where the backends do not fit beside each other."""
    columns = {name: column for name, column in _columns(cases).items() if any(column)}
    sizes = [f"{size:,}" for size in sorted(estimates.timed(cases)["batch_size"].unique())]
    yield from sections.side_by_side(("batch", sizes), columns, width)


def _columns(cases: pd.DataFrame) -> dict[str, list[str]]:
    """Return each backend's cells, a batch size each, empty where there is no time."""
    columns: dict[str, list[str]] = {name: [] for name in in_order(cases["backend"])}
    for _, rows in estimates.timed(cases).groupby("batch_size"):
        found = fastest(rows)
        best = found.backend if found is not None and found.separated else None
        cells = {row["backend"]: _cell(row, best=row["backend"] == best) for _, row in rows.iterrows()}
        for name, column in columns.items():
            column.append(cells.get(name, ""))
    return columns


def _cell(row: pd.Series, *, best: bool) -> str:
    marks = ("~" if noisy(row) else "") + ("*" if best else "")
    ratio = "×–" if pd.isna(row["ratio"]) else units.ratio(row["ratio"])
    return f"{marks}{units.seconds(row['seconds'] / row['steps'])} {ratio}"


def noisy(cases: pd.Series | pd.DataFrame) -> Any:
    """Return whether a case, or each of several, has a wide interval, of time or of ratio; none at all is wide too."""
    halves = [(cases[f"{name}_high"] - cases[f"{name}_low"]) / 2 / cases[name] for name in ("seconds", "ratio")]
    return ~(np.maximum.reduce(halves) <= NOISY)


def _doubts(cases: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each warning about cells that do have a time, with those cells and the remedy."""
    warned = cases.assign(doubt=cases["warnings"].str.split("; ")).explode("doubt")
    for doubt, same in warned[warned["doubt"].fillna("") != ""].groupby("doubt"):
        name, _, remedy = str(doubt).partition(": ")
        of = {one: same[same["backend"] == one] for one in in_order(same["backend"])}
        cells = (f"{one}{sections.where(rows, cases['batch_size'].nunique())}" for one, rows in of.items())
        yield printable(f"{name}: {'; '.join(cells)}: {remedy}")


def _legend(cases: pd.DataFrame) -> list[str]:
    timed = estimates.timed(cases)
    wide = int(noisy(timed).sum())
    return [
        "* fastest: its intervals of time and of ratio are apart from the others'.",
        f"~ noisy: the 95 % interval is wider than ± {units.percent(NOISY)} ({wide} of {len(timed)} cells).",
        estimates.replication(cases),
        "python -m report best names the fastest of each row, and costs tells where the time goes.",
    ]


def newest(folder: Path) -> Path | None:
    """Return the run in `folder` that was written last, or `None` where there is none."""
    runs: Iterable[Path] = folder.glob("*.csv")
    return max(runs, key=lambda path: path.stat().st_mtime, default=None)
