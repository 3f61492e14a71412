"""The answer of a group of cases in sentences: who is fastest where, and who passes hand-derived NumPy."""

from __future__ import annotations

from collections import defaultdict
from math import isnan

from report.run.answers import Crossing, Winner
from report.statistics.crossover import Crossover
from report.table.keys import CONTROL
from report.write import units, words


def sentence(winners: list[Winner]) -> str:
    """Return who is fastest, at which batch sizes, by how much, and where no backend clearly is."""
    clear = [winner for winner in winners if winner.clear]
    parts = [_won(name, [winner for winner in clear if winner.backend == name], winners) for name in _names(clear)]
    unclear = [winner for winner in winners if not winner.clear]
    if unclear:
        parts.append(_unclear(unclear, first=not parts))
    return f"{'; '.join(parts)}."


def passing(crossing: Crossing) -> str:
    """Return where a backend passes hand-derived NumPy."""
    between = ", ".join(f"{size:,}" for size in crossing.not_separated)
    level = f", not separated at {between}" if between else ""
    passes, here, there = ("passes", "slower", "faster") if crossing.ahead else ("falls behind", "faster", "slower")
    return (
        f"{crossing.backend} {passes} NumPy at a batch of about {words.batch_size(crossing.batch_size)}: "
        f"{here} at {crossing.below:,}, {there} at {crossing.above:,}{level}"
    )


def standings(found: dict[str, Crossover]) -> list[str]:
    """Return how the backends stand that do not pass hand-derived NumPy, a line for each way to stand."""
    same: dict[str, list[str]] = defaultdict(list)
    for name, crossover in found.items():
        if isnan(crossover.at.center):
            same[words.standing(crossover)].append(name)
    return [f"{', '.join(names)}: {standing}" for standing, names in sorted(same.items())]


def _names(winners: list[Winner]) -> list[str]:
    return list(dict.fromkeys(winner.backend for winner in winners))


def _won(name: str, won: list[Winner], every: list[Winner]) -> str:
    """Return where a backend is the fastest, and by how much."""
    where = "every batch size" if len(won) == len(every) > 1 else f"batch {_sizes(won)}"
    ratios = sorted(winner.ratio for winner in won)
    return f"{name} is fastest at {where}{'' if name == CONTROL else _range(ratios[0], ratios[-1])}"


def _range(low: float, high: float) -> str:
    """Return how a range of ratios compares with hand-derived NumPy; nothing where an end is not known."""
    ends = words.versus(low), words.versus(high)
    if not all(ends) or ends[0] == ends[1]:
        return f", {ends[0]} hand-derived NumPy" if ends[0] else ""
    if high < 1:
        return f", {units.digits(1 / high)} to {ends[0]} hand-derived NumPy"
    if low > 1:
        return f", {units.digits(low)} to {ends[1]} hand-derived NumPy"
    return f", {ends[0]} to {ends[1]} hand-derived NumPy"


def _unclear(winners: list[Winner], *, first: bool) -> str:
    """Return at which batch sizes no backend clearly wins, or only one has a time."""
    pairs = "; ".join(
        f"{winner.backend} and {winner.runner_up} at {winner.batch_size:,}"
        if winner.runner_up
        else f"{winner.backend} alone was timed at {winner.batch_size:,}"
        for winner in winners
    )
    if not any(winner.runner_up for winner in winners):
        return pairs
    return f"{'N' if first else 'n'}o clear winner, since intervals overlap: {pairs}"


def _sizes(winners: list[Winner]) -> str:
    sizes = [f"{winner.batch_size:,}" for winner in winners]
    return sizes[0] if len(sizes) == 1 else f"{', '.join(sizes[:-1])} and {sizes[-1]}"
