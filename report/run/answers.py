"""What a group of cases says in words: the fastest backend at each batch size, and where one passes NumPy by hand.

The rows are those of `report.cases.merged`, of one group: they differ in backend and batch size alone. Who is fastest
is judged by `report.fastest`, and who passes whom by `report.crossover`; here it is only said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isnan

import pandas as pd

from report.run import cases, estimates
from report.run.cost_table import passes
from report.run.fastest import fastest
from report.statistics.crossover import Crossover, rounded
from report.table.keys import CONTROL, in_order
from report.write import units

DOUBT = "no clear winner"

COLUMNS = ("backend", "batch_size", "steps", "reason", *cases.ESTIMATES)


@dataclass(frozen=True)
class Winner:
    """The fastest backend at a batch size. `clear`: it is separated from all others.

    `margin` is how many times as long the runner-up takes, NaN where there is none.
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
    """Where a backend's ratio to NumPy by hand passes 1 for the last time: about at `batch_size`, in words at `about`.

    At the measured sizes `below` and `above` its intervals are clear of 1, at those of `level`, between them, they are
    not; `ahead`: beyond, it is faster.
    """

    backend: str
    batch_size: float
    about: str
    below: int
    above: int
    level: tuple[int, ...]
    ahead: bool


def lean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with no more columns than answers take: a page asks for thousands."""
    return rows[[*COLUMNS]].astype({"backend": "str"})


def winners(rows: pd.DataFrame) -> list[Winner]:
    """Return the fastest backend of each batch size that has a time, the smallest first."""
    return [_winner(same) for _, same in estimates.timed(rows).groupby("batch_size")]


def _winner(rows: pd.DataFrame) -> Winner:
    found = fastest(rows)
    if found is None:
        raise ValueError("none of the rows has a time")
    first = rows[rows["backend"] == found.backend].iloc[0]
    seconds, ratio = float(first["seconds"] / first["steps"]), float(first["ratio"])
    size, runner_up = int(first["batch_size"]), found.runner_up or ""
    return Winner(size, found.backend, seconds, ratio, found.separated, runner_up, found.margin.center)


def against_numpy(rows: pd.DataFrame) -> dict[str, Crossover]:
    """Return where each backend passes NumPy by hand, of those that have a ratio to it, in the usual order."""
    found = {name: passes(rows, name, CONTROL) for name in in_order(rows["backend"])}
    return {name: crossover for name, crossover in found.items() if crossover is not None}


def crossings(rows: pd.DataFrame, found: dict[str, Crossover]) -> list[Crossing]:
    """Return the last crossing of every backend that has one, of what `against_numpy` says of these rows."""
    return [_crossing(rows, name, one) for name, one in found.items() if not isnan(one.at.center)]


def _crossing(rows: pd.DataFrame, backend: str, found: Crossover) -> Crossing:
    mine = rows[rows["backend"] == backend].sort_values("batch_size")
    ahead = float(mine.loc[mine["batch_size"] == found.at.high, "ratio_high"].iloc[0]) < 1
    level = mine.loc[mine["batch_size"].between(found.at.low, found.at.high, inclusive="neither"), "batch_size"]
    at = found.at
    return Crossing(backend, at.center, rounded(at.center), int(at.low), int(at.high), tuple(map(int, level)), ahead)


def standings(found: dict[str, Crossover]) -> dict[str, list[str]]:
    """Return the backends that do not cross NumPy by hand, by what `report.crossover` says of them."""
    told: dict[str, list[str]] = defaultdict(list)
    for name, one in found.items():
        if isnan(one.at.center):
            told[_faster(one.words)].append(name)
    return dict(sorted(told.items()))


def _faster(words: str) -> str:
    if words.startswith("never"):
        return f"never faster{words.removeprefix('never')}"
    return words if words.startswith("not") else f"faster {words}"


def sentence(found: list[Winner]) -> str:
    """Return the answer in a sentence: who is fastest, at which sizes, by how much, and where nobody clearly is."""
    clear = [winner for winner in found if winner.clear]
    told = [_reign(name, [one for one in clear if one.backend == name], found) for name in _names(clear)]
    open_sizes = [winner for winner in found if not winner.clear]
    if open_sizes:
        told.append(_doubt(open_sizes))
    text = "; ".join(told)
    return f"{'N' + text[1:] if text.startswith(DOUBT) else text}."


def _names(found: list[Winner]) -> list[str]:
    return list(dict.fromkeys(winner.backend for winner in found))


def _reign(name: str, won: list[Winner], every: list[Winner]) -> str:
    """Return where a backend is the fastest, and by how much."""
    where = "every batch size" if len(won) == len(every) > 1 else f"batch {_sizes(won)}"
    ratios = sorted(winner.ratio for winner in won)
    return f"{name} is fastest at {where}{'' if name == CONTROL else _range(ratios[0], ratios[-1])}"


def _range(low: float, high: float) -> str:
    ends = versus(low), versus(high)
    if not all(ends) or ends[0] == ends[1]:
        return f", {ends[0]} NumPy by hand" if ends[0] else ""
    if high < 1:
        return f", {units.digits(1 / high)} to {ends[0]} NumPy by hand"
    if low > 1:
        return f", {units.digits(low)} to {ends[1]} NumPy by hand"
    return f", {ends[0]} to {ends[1]} NumPy by hand"


def versus(ratio: float) -> str:
    """Return a ratio in words: `6.37 times as fast as`, `2.42 times as long as`; nothing for none."""
    if isnan(ratio):
        return ""
    return f"{units.digits(1 / ratio)} times as fast as" if ratio < 1 else f"{units.digits(ratio)} times as long as"


def _doubt(found: list[Winner]) -> str:
    pairs = "; ".join(
        f"{winner.backend} and {winner.runner_up} at {winner.batch_size:,}"
        if winner.runner_up
        else f"{winner.backend} alone was timed at {winner.batch_size:,}"
        for winner in found
    )
    return f"{DOUBT}, since intervals overlap: {pairs}" if any(one.runner_up for one in found) else pairs


def _sizes(found: list[Winner]) -> str:
    words = [f"{winner.batch_size:,}" for winner in found]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
