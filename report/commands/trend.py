"""`python -m report trend`: each case over time, and where it changed for good.

python -m report trend results/history/
python -m report trend results/history/ -o trend.html
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report.commands.arguments import share
from report.history import runs
from report.statistics import change_points, verdict
from report.statistics.change_points import Step
from report.statistics.verdict import FAMILY_CONFIDENCE, Verdict
from report.write import sections, units

THRESHOLD = 0.05
"""The smallest change that is reported. A run a night, for months, sees less than two runs do."""

VERSIONS = ("commit", "python", "numpy_version", "framework_version")
"""What is named at a change, where it differs from the run before."""

MOST = 100
"""So many series are shown as text; the page has all."""


@dataclass(frozen=True)
class Series:
    """One case on one machine over time: its points, in the order of their dates, and the changes among them."""

    title: str
    points: pd.DataFrame
    steps: list[Step]

    def differences(self, step: Step) -> str:
        """Return what differs between the first run after a change and the last one before: `torch 2.12 → 2.13`."""
        before, after = self.points.iloc[step.index - 1], self.points.iloc[step.index]
        names = {"framework_version": str(after["backend"]).partition("-")[0], "numpy_version": "numpy"}
        found = {names.get(name, name): (before[name], after[name]) for name in VERSIONS}
        return ", ".join(f"{name} {old} → {new}" for name, (old, new) in found.items() if old != new)

    def levels(self) -> list[tuple[int, int, float]]:
        """Return the stretches between the changes: the first run, the last one, and the median of the values."""
        ends = [0, *(step.index for step in self.steps), len(self.points)]
        return [(first, end - 1, float(self.points["value"][first:end].median())) for first, end in pairwise(ends)]

    @property
    def last(self) -> str:
        """The value of the last run, as people read it."""
        row = self.points.iloc[-1]
        return units.ratio(row["value"]) if row["measure"] == runs.RATIO else units.seconds(row["value"])


def add_to(commands: Any) -> None:
    """Add the command `trend` to the parser's commands."""
    trend = commands.add_parser("trend", help="follow each case over many runs, and find where it changed")
    trend.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="CSVs, or folders of CSVs, a run each")
    trend.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a page, such as trend.html")
    trend.add_argument("--format", choices=("text", "markdown"), default="text")
    trend.add_argument(
        "--threshold",
        metavar="PERCENT",
        type=share,
        default=THRESHOLD,
        help=f"smallest change that is reported (default: {100 * THRESHOLD:g}%%)",
    )
    trend.set_defaults(command=_main)


def _main(options: argparse.Namespace) -> int:
    found = read(options.paths, options.threshold)
    if options.output is not None:
        from report.pages import saving, trend  # noqa: PLC0415 (a page shows a trend: they know each other)

        print(saving.save(trend.page(found, options.threshold), options.output))
        return 0
    print(_written(found, options.format, options.threshold), end="")
    return 0


def read(paths: list[Path], threshold: float = THRESHOLD) -> list[Series]:
    """Return every series of the history in these files or folders, with the changes beyond the threshold."""
    points = runs.points(runs.read(paths))
    titles = sections.titles(points)
    group = titles + ", " if len(set(titles)) > 1 else ""
    names = group + points["backend"].astype("str") + " at " + points["batch_size"].map("{:,}".format)
    groups = list(points.groupby("series"))
    confidence = verdict.corrected(FAMILY_CONFIDENCE, len(groups))
    return [
        Series(
            str(names[rows.index[0]]),
            rows.reset_index(drop=True),
            change_points.steps(rows["value"].to_numpy(), threshold, confidence),
        )
        for _, rows in groups
    ]


def headline(found: list[Series], threshold: float) -> str:
    """Return what happened in a sentence: how many changes, in how many series and runs."""
    runs = len({run for series in found for run in series.points["run"]})
    steps = [step for series in found for step in series.steps]
    slower = sum(step.verdict == Verdict.REGRESSED for step in steps)
    ways = f": {slower:,} slower, {len(steps) - slower:,} faster"
    what = _count(len(steps), "change") + ways if steps else "No change"
    beyond = f"beyond {100 * threshold:.3g} %"
    return f"{what}, in {_count(len(found), 'series', 'series')} over {_count(runs, 'run')} ({beyond})."


def titles(found: list[Series]) -> str:
    """Return what the series are of: the one group of cases, or how many there are."""
    every = sorted({title for series in found for title in sections.titles(series.points.head(1))})
    return every[0] if len(every) == 1 else f"{len(every):,} groups of cases"


def changes(found: list[Series]) -> Iterator[tuple[Series, Step]]:
    """Yield every change, the latest first."""
    every = [(series, step) for series in found for step in series.steps]
    yield from sorted(every, key=lambda one: one[0].points["date"][one[1].index], reverse=True)


def _written(found: list[Series], form: str, threshold: float) -> str:
    out = io.StringIO()
    width = 10_000 if form == "markdown" else shutil.get_terminal_size().columns
    console = Console(file=out, width=width, color_system=None, highlight=False)
    for part in (headline(found, threshold), escape(titles(found)), _changes(found), _series(found)):
        if isinstance(part, Table):
            part.box = box.MARKDOWN if form == "markdown" else box.SIMPLE_HEAD
        console.print(part, "", sep="\n")
    if len(found) > MOST:
        console.print(f"{len(found) - MOST:,} more series are not shown; a page has all of them: -o trend.html")
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip() + "\n"


def _changes(found: list[Series]) -> Table | str:
    if not any(series.steps for series in found):
        return "Where it changed: nowhere."
    part = _table("since", "case", "after / before", "what else changed")
    for series, step in changes(found):
        part.add_row(*map(escape, (since(series, step), series.title, interval(step), series.differences(step))))
    return part


def _series(found: list[Series]) -> Table:
    part = _table("case", "runs", "last", "changes")
    for series in sorted(found, key=lambda series: -len(series.steps))[:MOST]:
        part.add_row(escape(series.title), f"{len(series.points):,}", series.last, f"{len(series.steps):,}")
    return part


def _table(*names: str) -> Table:
    part = Table(pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        part.add_column(name, justify="right" if name in {"runs", "last", "changes"} else "left")
    return part


def since(series: Series, step: Step) -> str:
    """Return the day of the first run after a change."""
    return f"{series.points['date'][step.index]:%Y-%m-%d}"


def interval(step: Step) -> str:
    """Return how large a change is, with its interval."""
    change = step.change
    return f"×{units.factor(change.center)} [{units.factor(change.low)}, {units.factor(change.high)}]"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
