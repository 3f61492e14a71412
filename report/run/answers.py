"""What a group of cases answers: the fastest backend at each batch size, and where a backend passes NumPy.

The rows are those of `report.run.cases`, of one group: they differ in backend and batch size alone.
`report.run.fastest` judges who is fastest, and `report.statistics.crossover` who passes whom. The sentences are made in
`report.write.text.answer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import pandas as pd

from report.run import cases
from report.run.costs import passes
from report.run.fastest import fastest
from report.statistics.crossover import Crossover, Kind
from report.table.keys import CONTROL, in_order

COLUMNS_NEEDED = ("backend", "batch_size", "steps", "status", "reason", *cases.ESTIMATES)


@dataclass(frozen=True)
class Winner:
    """The fastest backend at a batch size. It is `clear` where it is separated from all others.

    `seconds` are of a step. `margin` is how many times as long the runner-up takes, NaN where there is no runner-up.
    """

    batch_size: int
    backend: str
    seconds: float
    ratio: float
    clear: bool
    runner_up: str
    margin: float


@dataclass(frozen=True)
class Crossing:
    """Where a backend's ratio to NumPy passes 1 for the last time: near `batch_size`.

    Its intervals are clear of 1 at the measured sizes `below` and `above`, and not at the sizes `level` between them.
    `ahead`: above, it is faster.
    """

    backend: str
    batch_size: float
    below: int
    above: int
    level: tuple[int, ...]
    ahead: bool


def lean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with only the columns that answers need: a page asks for thousands of answers."""
    return rows[[*COLUMNS_NEEDED]].astype({"backend": "str"})


def winners(rows: pd.DataFrame) -> list[Winner]:
    """Return the fastest backend of each batch size that has a time, the smallest batch size first."""
    return [_winner(same) for _, same in cases.timed(rows).groupby("batch_size")]


def _winner(rows: pd.DataFrame) -> Winner:
    found = fastest(rows)
    if found is None:
        raise ValueError("none of the rows has a time")
    first = rows[rows["backend"] == found.backend].iloc[0]
    seconds, ratio = float(first["seconds"] / first["steps"]), float(first["ratio"])
    size, runner_up = int(first["batch_size"]), found.runner_up or ""
    return Winner(size, found.backend, seconds, ratio, found.separated, runner_up, found.margin.center)


def against_numpy(rows: pd.DataFrame) -> dict[str, Crossover]:
    """Return where each backend that has a ratio to NumPy passes it, in the order of every table."""
    found = {name: passes(rows, name, CONTROL) for name in in_order(rows["backend"])}
    return {name: crossover for name, crossover in found.items() if crossover is not None}


def crossings(rows: pd.DataFrame, found: dict[str, Crossover]) -> list[Crossing]:
    """Return the last crossing of every backend that has one. `found` is what `against_numpy` says of these rows."""
    return [_crossing(rows, name, crossover) for name, crossover in found.items() if not isnan(crossover.at.center)]


def _crossing(rows: pd.DataFrame, backend: str, found: Crossover) -> Crossing:
    mine, at = rows[rows["backend"] == backend], found.at
    between = mine.loc[mine["batch_size"].between(at.low, at.high, inclusive="neither"), "batch_size"]
    level = tuple(sorted(map(int, between)))
    return Crossing(backend, at.center, int(at.low), int(at.high), level, found.kind is Kind.BECOMES_FASTER)
