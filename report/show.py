"""The summary of a run: one table a problem, dtype and device; rows are batch sizes, columns backends.

A cell is the median time per step and its ratio to NumPy. `*` marks the fastest of a row, where its intervals, of time
and of ratio, are apart from the runner-up's. `~` marks a cell whose interval is wide: the machine was noisy there. What
has no time is explained below the table.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report import table, units
from report.looks import ordered

NOISY = 0.05
"""An interval whose half-width is more than this share of its median is called noisy."""

ENDS = {"seconds_median": ("seconds_ci_low", "seconds_ci_high"), "ratio_to_numpy": ("ratio_ci_low", "ratio_ci_high")}
MARGIN = 3
"""What rich puts beside a cell."""

GROUP = ["problem", "sizes", "operator", "dtype", "device", "steps"]


def text(frame: pd.DataFrame, width: int, *, colour: bool = False) -> str:
    """Return the summary for a terminal of `width` columns."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, highlight=False, soft_wrap=False)
    for heading, tables, notes in _sections(frame, width):
        console.print(f"\n[bold]{escape(heading)}[/bold]")
        for part in tables:
            console.print(part)
        for note in notes:
            console.print(escape(note))
    console.print(f"\n{escape(_legend(frame))}")
    return out.getvalue()


def markdown(frame: pd.DataFrame) -> str:
    """Return the summary as Markdown."""
    out = io.StringIO()
    console = Console(file=out, width=10_000, color_system=None, highlight=False)
    for heading, tables, notes in _sections(frame, None):
        console.print(f"\n### {heading}\n", markup=False)
        for part in tables:
            part.box = box.MARKDOWN
            console.print(part)
        console.print("\n" + "\n".join(f"- {note}" for note in notes), markup=False)
    console.print(f"\n{_legend(frame)}", markup=False)
    return "\n".join(line.rstrip() for line in out.getvalue().lstrip().splitlines()) + "\n"


def write_markdown(frame: pd.DataFrame, path: Path) -> None:
    """Write the summary beside the CSV at `path`, with `.md` for an ending."""
    path.with_suffix(".md").write_text(markdown(frame), encoding="utf-8")


def _sections(frame: pd.DataFrame, width: int | None) -> Iterator[tuple[str, list[Table], list[str]]]:
    for keys, rows in frame.groupby(GROUP, observed=True, sort=True):
        problem, sizes, operator, dtype, device, steps = keys
        what = f"{problem} ({sizes})" if sizes else problem
        length, unit = (f" of {steps} steps", "step") if operator == "descent" else ("", "call")
        heading = f"{what}: {operator}{length}, {dtype}, {device}: time per {unit}, ratio to numpy"
        done = table.timed(rows)
        tables = list(_tables(done, _order(rows), width)) if len(done) else []
        yield heading, tables, list(_notes(rows))


def _tables(done: pd.DataFrame, backends: list[str], width: int | None) -> Iterator[Table]:
    """Yield the table, cut into several where the backends do not fit beside each other."""
    columns = {name: column for name, column in _columns(done, backends).items() if any(column)}
    sizes = [f"{size:,}" for size in sorted(done["batch_size"].unique())]
    edge = max(map(len, ["batch", *sizes])) + MARGIN
    while columns:
        names = _fitting(columns, width and width - edge)
        part = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("batch", *names):
            part.add_column(escape(name), justify="right", no_wrap=True)
        for line in zip(sizes, *(columns.pop(name) for name in names), strict=True):
            part.add_row(*(cell or "–" for cell in line))
        yield part


def _columns(done: pd.DataFrame, backends: list[str]) -> dict[str, list[str]]:
    """Return each backend's cells, a batch size each, empty where there is no time."""
    columns: dict[str, list[str]] = {name: [] for name in backends}
    for _, rows in _launch_medians(done).groupby("batch_size"):
        best = fastest(rows)
        cells = {row["backend"]: _cell(row, best=row["backend"] == best) for _, row in rows.iterrows()}
        for name, column in columns.items():
            column.append(cells.get(name, ""))
    return columns


def _fitting(columns: dict[str, list[str]], width: int | None) -> list[str]:
    """Return the first columns that fit beside each other, at least one."""
    widths = [max(map(len, [name, *cells])) + MARGIN for name, cells in columns.items()]
    fits = [width is None or total <= width for total in itertools.accumulate(widths)]
    return list(columns)[: max(1, sum(fits))]


def _cell(row: pd.Series, *, best: bool) -> str:
    marks = ("~" if noisy(row) else "") + ("*" if best else "")
    return f"{marks}{units.seconds(row['seconds_per_step'])} {units.ratio(row['ratio_to_numpy'])}"


def fastest(rows: pd.DataFrame) -> str | None:
    """Return the fastest backend of one batch size, or `None` where it is not apart from the runner-up."""
    ranked = rows.sort_values("seconds_median")
    if len(ranked) < 2:  # noqa: PLR2004 (one alone wins nothing)
        return None
    first, rest = ranked.iloc[0], ranked.iloc[1:]
    apart = all((rest[low] > first[high]).all() for low, high in ENDS.values())
    return str(first["backend"]) if apart else None


def _launch_medians(done: pd.DataFrame) -> pd.DataFrame:
    """Return one row a case. Of several launches: the medians, and intervals as wide as the launches' ends."""
    by = done.groupby(["batch_size", "backend"], observed=True)
    lows = [low for low, _ in ENDS.values()]
    highs = [high for _, high in ENDS.values()]
    medians = by[["seconds_median", "seconds_per_step", "ratio_to_numpy"]].median()
    return medians.join(by[lows].min()).join(by[highs].max()).reset_index()


def noisy(rows: pd.Series | pd.DataFrame) -> Any:
    """Return whether the row, or each of the rows, has a wide interval of time or ratio; none at all is wide too."""
    halves = [(rows[high] - rows[low]) / 2 / rows[middle] for middle, (low, high) in ENDS.items()]
    return ~(np.maximum.reduce(halves) <= NOISY)


def _order(rows: pd.DataFrame) -> list[str]:
    return ordered(rows["backend"].unique())


def _notes(rows: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each reason why cells have no time, with the cells that it holds for."""
    failed = rows[rows["status"] != "ok"]
    for (status, reason), same in failed.groupby(["status", "reason"], observed=True, sort=False):
        sizes = sorted(same["batch_size"].unique())
        every = len(sizes) == rows["batch_size"].nunique()
        where = "" if every else f" at {', '.join(f'{size:,}' for size in sizes)}"
        yield f"{status}: {', '.join(_order(same))}{where}: {reason}"


def _legend(frame: pd.DataFrame) -> str:
    done = table.timed(frame)
    wide = int(noisy(done).sum())
    lines = [
        "* fastest: its intervals of time and of ratio are apart from the runner-up's.",
        f"~ noisy: the 95 % interval is wider than ± {units.percent(NOISY)} ({wide} of {len(done)} cells).",
        "Intervals hold within a launch; another launch differs by more (docs/methodology.md).",
    ]
    return "\n".join(lines)


def newest(folder: Path) -> Path | None:
    """Return the run in `folder` that was written last, or `None` where there is none."""
    runs: Iterable[Path] = folder.glob("*.csv")
    return max(runs, key=lambda path: path.stat().st_mtime, default=None)
