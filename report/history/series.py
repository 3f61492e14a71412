"""Each case over time, and the changes that last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from report.history import runs
from report.statistics.nightly import change_points
from report.statistics.nightly.change_points import MIN_RUNS, Step
from report.statistics.nightly.memory import MIN_BEFORE
from report.table.keys import VERSIONS, framework

THRESHOLD = 0.05
"""The smallest change that is reported. A nightly run, over months, resolves less than two runs back to back."""


MIN_NIGHTS = MIN_BEFORE + MIN_RUNS
"""How many runs a series needs before a change can be found in it."""


class Level(NamedTuple):
    """A stretch of a series without a change: the indices of its first and last run, and the median of its values."""

    first: int
    last: int
    value: float


class Difference(NamedTuple):
    """A commit or a version that is not the same after a change: of what, before, and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Series:
    """One case under its own conditions over time: its points in the order of their dates, and its changes.

    `number` is the value of the column `series` in `points`.
    """

    number: int
    points: pd.DataFrame
    steps: list[Step]

    def levels(self) -> list[Level]:
        """Return the stretches between the changes."""
        edges = [0, *(step.index for step in self.steps), len(self.points)]
        values = self.points["value"]
        return [Level(first, end - 1, float(values[first:end].median())) for first, end in pairwise(edges)]


@dataclass(frozen=True)
class Change:
    """A change that lasts, in one series."""

    series: Series
    step: Step

    @property
    def first_run(self) -> pd.Series:
        """The point of the first run after the change."""
        return self.series.points.iloc[self.step.index]

    def differences(self) -> list[Difference]:
        """Return which of `VERSIONS` differ between the last run before the change and the first run after it."""
        before, after = self.series.points.iloc[self.step.index - 1], self.first_run
        names = {"framework_version": framework(str(after["backend"])), "numpy_version": "numpy"}
        values = {names.get(column, column): (str(before[column]), str(after[column])) for column in VERSIONS}
        return [Difference(name, old, new) for name, (old, new) in values.items() if old != new]


@dataclass(frozen=True)
class History:
    """Every series of many runs, with the changes beyond `threshold`."""

    series: list[Series]
    threshold: float

    @property
    def runs(self) -> int:
        """The number of runs that have a point in any series."""
        return len({run for series in self.series for run in series.points["run"]})

    @property
    def long_enough(self) -> bool:
        """Whether any series has enough runs for a change to be found."""
        return any(len(series.points) >= MIN_NIGHTS for series in self.series)

    def changes(self) -> list[Change]:
        """Return all changes, the latest first."""
        changes = [Change(series, step) for series in self.series for step in series.steps]
        return sorted(changes, key=lambda change: change.first_run["date"], reverse=True)


def read(paths: Sequence[Path], threshold: float = THRESHOLD) -> History:
    """Return the history in these files or folders, with the changes beyond `threshold`. Raises as `runs` does."""
    return of_rows(runs.read(paths), threshold)


def of_rows(frame: pd.DataFrame, threshold: float = THRESHOLD) -> History:
    """Return the history that these rows of runs are. Raises as `runs.points` does."""
    groups = [rows.reset_index(drop=True) for _, rows in runs.points(frame).groupby("series")]
    values = [rows["value"].to_numpy() for rows in groups]
    nights = [rows["night"].to_numpy() for rows in groups]
    found = change_points.steps(values, nights, threshold)
    every = [Series(int(rows["series"].iloc[0]), rows, steps) for rows, steps in zip(groups, found, strict=True)]
    return History(every, threshold)
