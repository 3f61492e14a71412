"""What a group of cases answers: which backend is fastest at each batch size, and where a backend passes NumPy.

The cases come from `report.run.cases`. Those of one group differ in backend and batch size alone. The rules are in
`report.run.fastest` and `report.statistics.crossover`, the words in `report.write.text.answer`.
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

COLUMNS_NEEDED = ("backend", "device", "batch_size", "counted_steps", "status", "reason", *cases.ESTIMATES)


@dataclass(frozen=True)
class Winner:
    """The fastest backend at a batch size. It is `clear` if it is separated from all others.

    `seconds` are of a step, `ratio` is to NumPy. `margin` is how many times as long the runner-up takes. Where no other
    backend has a time, `runner_up` is empty and the margin NaN.
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

    The backend is separated from NumPy at the measured batch sizes `below` and `above`. The sizes between them are
    `not_separated`. `ahead` says whether the backend is faster above the crossing, or else below it.
    """

    backend: str
    batch_size: float
    below: int
    above: int
    not_separated: tuple[int, ...]
    ahead: bool


def lean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with only the columns that answers need: a page asks for thousands of answers."""
    return rows[[*COLUMNS_NEEDED]].astype({"backend": "str"})


def winners(rows: pd.DataFrame) -> list[Winner]:
    """Return the fastest backend at each batch size where any has a time, the smallest batch size first."""
    return [_winner(same) for _, same in cases.timed(rows).groupby("batch_size")]


def _winner(rows: pd.DataFrame) -> Winner:
    """Return the fastest of the rows, which have the same batch size, and a time."""
    found = fastest(rows)
    if found is None:
        raise ValueError("none of the rows has a time")
    row = rows[rows["backend"] == found.backend].iloc[0]
    return Winner(
        batch_size=int(row["batch_size"]),
        backend=found.backend,
        seconds=float(row["seconds"] / row["counted_steps"]),
        ratio=float(row["ratio"]),
        clear=found.separated,
        runner_up=found.runner_up or "",
        margin=found.margin.center,
    )


def against_numpy(rows: pd.DataFrame) -> dict[str, Crossover]:
    """Return where each backend that has a ratio to NumPy passes NumPy, in the order of every table."""
    crossovers = {name: passes(rows, name, CONTROL) for name in in_order(rows["backend"])}
    return {name: crossover for name, crossover in crossovers.items() if crossover is not None}


def crossings(rows: pd.DataFrame, crossovers: dict[str, Crossover]) -> list[Crossing]:
    """Return the last crossing of each backend that has one. `crossovers` is what `against_numpy` returns of `rows`."""
    return [_crossing(rows, name, found) for name, found in crossovers.items() if not isnan(found.at.center)]


def _crossing(rows: pd.DataFrame, backend: str, crossover: Crossover) -> Crossing:
    at, sizes = crossover.at, rows.loc[rows["backend"] == backend, "batch_size"]
    between = sizes[sizes.between(at.low, at.high, inclusive="neither")]
    return Crossing(
        backend=backend,
        batch_size=at.center,
        below=int(at.low),
        above=int(at.high),
        not_separated=tuple(sorted(map(int, between))),
        ahead=crossover.kind is Kind.BECOMES_FASTER,
    )
