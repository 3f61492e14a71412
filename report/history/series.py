"""Each case over time, and the changes that last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from report.history import runs
from report.statistics import change_points, verdict
from report.statistics.change_points import Step
from report.statistics.verdict import FAMILY_CONFIDENCE
from report.table.keys import VERSIONS, framework

THRESHOLD = 0.05
"""The smallest change that is reported. A nightly run, over months, resolves less than two runs back to back."""


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

    def changes(self) -> list[Change]:
        """Return all changes, the latest first."""
        changes = [Change(series, step) for series in self.series for step in series.steps]
        return sorted(changes, key=lambda change: change.first_run["date"], reverse=True)


def read(paths: Sequence[Path], threshold: float = THRESHOLD) -> History:
    """Return the history in these files or folders, with the changes beyond `threshold`. Raises as `runs` does."""
    groups = list(runs.points(runs.read(paths)).groupby("series"))
    confidence = verdict.corrected(FAMILY_CONFIDENCE, len(groups))
    return History([_series(rows.reset_index(drop=True), threshold, confidence) for _, rows in groups], threshold)


def _series(points: pd.DataFrame, threshold: float, confidence: float) -> Series:
    steps = change_points.steps(points["value"].to_numpy(), threshold, confidence)
    return Series(int(points["series"].iloc[0]), points, steps)
