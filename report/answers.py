"""What a group of cases says in words: the fastest backend at each batch size, and where one passes NumPy by hand.

The rows are those of `report.cases.merged` that have a time, of one group: they differ in backend and batch size alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from math import exp, isnan, log

import pandas as pd

from report import show, units
from report.looks import ordered
from report.sides import CONTROL

DOUBT = "no clear winner"
RATIO, LOW, HIGH = "ratio_to_numpy", *show.ENDS["ratio_to_numpy"]
COLUMNS = ("backend", "batch_size", "seconds_per_step", *show.ENDS, *chain(*show.ENDS.values()))


@dataclass(frozen=True)
class Winner:
    """The fastest backend at a batch size. `clear`: its intervals are apart from those of all others.

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
    """Where a backend's ratio to NumPy by hand passes 1: `batch_size` by a straight line between logarithms.

    At the sizes `below` and `above` its intervals are clear of 1, on either side; `ahead`: beyond, it is faster.
    """

    backend: str
    batch_size: float
    below: int
    above: int
    ahead: bool


def lean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with no more columns than answers take: a page asks for thousands."""
    return rows[[*COLUMNS]].astype({"backend": "str"})


def winners(rows: pd.DataFrame) -> list[Winner]:
    """Return the fastest backend of each batch size, the smallest first."""
    return [_winner(same) for _, same in rows.groupby("batch_size")]


def _winner(rows: pd.DataFrame) -> Winner:
    ranked = rows.sort_values("seconds_median")
    first = ranked.iloc[0]
    alone = len(ranked) == 1
    runner_up, margin = ("", float("nan")) if alone else _behind(first, ranked.iloc[1])
    clear = show.fastest(rows) is not None
    name, seconds = str(first["backend"]), float(first["seconds_per_step"])
    size = int(first["batch_size"])
    return Winner(size, name, seconds, float(first[RATIO]), clear, runner_up, margin)


def _behind(first: pd.Series, second: pd.Series) -> tuple[str, float]:
    return str(second["backend"]), float(second["seconds_median"] / first["seconds_median"])


def crossings(rows: pd.DataFrame) -> list[Crossing]:
    """Return every crossing of every backend but the control, whose ratio is 1 but for the machine's noise."""
    return [crossing for name, same in _measured(rows) for crossing in _crossings(name, same)]


STANDINGS = {
    frozenset({-1}): "Faster than NumPy at every size measured",
    frozenset({-1, 0}): "Faster than NumPy, or too close to call",
    frozenset({0}): "Too close to NumPy to call",
    frozenset({0, 1}): "Slower than NumPy, or too close to call",
    frozenset({1}): "Slower than NumPy at every size measured",
}
"""What the sides of its sizes say of a backend that has no crossing."""


def standings(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the backends that do not cross NumPy, by what can be said of them; the faster ones first."""
    sides = {name: frozenset(_sides(same)) for name, same in _measured(rows)}
    found = {words: [name for name, side in sides.items() if side == which] for which, words in STANDINGS.items()}
    return {words: names for words, names in found.items() if names}


def _measured(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each backend that has ratios, in the usual order, with its rows by batch size."""
    measured = rows[rows[RATIO].notna() & (rows["backend"] != CONTROL)].sort_values("batch_size")
    by_backend = {str(name): same for name, same in measured.groupby("backend", observed=True)}
    return ((name, by_backend[name]) for name in ordered(by_backend))


def _sides(rows: pd.DataFrame) -> list[int]:
    """Return for each row whether it is behind NumPy by hand, 1, ahead, -1, or neither for sure."""
    return [int(low > 1) - int(high < 1) for low, high in rows[[LOW, HIGH]].to_numpy()]


def _crossings(backend: str, rows: pd.DataFrame) -> Iterator[Crossing]:
    points = list(zip(rows["batch_size"].astype(int), rows[RATIO].astype(float), _sides(rows), strict=True))
    sure = [index for index, point in enumerate(points) if point[2]]
    for first, last in pairwise(sure):
        if points[first][2] != points[last][2]:
            within = [(size, ratio) for size, ratio, _ in points[first : last + 1]]
            ahead = points[last][2] < 0
            yield Crossing(backend, _passes_one(within), points[first][0], points[last][0], ahead)


def _passes_one(points: list[tuple[int, float]]) -> float:
    """Return the batch size at which the ratio is first 1, on straight lines between the logarithms of the points."""
    for (small, before), (large, after) in pairwise(points):
        if (log(before) > 0) != (log(after) > 0):
            share = log(before) / (log(before) - log(after))
            return exp(log(small) + share * (log(large) - log(small)))
    raise ValueError("the ratios are all on one side of 1")


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
