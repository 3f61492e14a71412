"""The answer of a group of cases in sentences: which backend is fastest, and where a backend passes NumPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import isnan

from report.run.answers import Crossing, Winner
from report.statistics.crossover import Crossover
from report.table.keys import CONTROL
from report.write import units, words


def sentence(winners: list[Winner]) -> str:
    """Return which backends are fastest, at which batch sizes and by how much, and where no backend clearly is."""
    clear = [winner for winner in winners if winner.clear]
    parts = [_fastest(name, [winner for winner in clear if winner.backend == name], winners) for name in _names(clear)]
    unclear = [winner for winner in winners if not winner.clear]
    if unclear:
        parts.append(_unclear(unclear, first=not parts))
    return f"{'; '.join(parts)}."


def passing(crossing: Crossing) -> str:
    """Return where a backend passes hand-derived NumPy."""
    passes, below, above = ("passes", "slower", "faster") if crossing.ahead else ("falls behind", "faster", "slower")
    between = f", not separated at {_sizes(crossing.not_separated)}" if crossing.not_separated else ""
    return (
        f"{crossing.backend} {passes} NumPy at a batch of about {words.batch_size(crossing.batch_size)}: "
        f"{below} at {crossing.below:,}, {above} at {crossing.above:,}{between}"
    )


def standings(crossovers: dict[str, Crossover]) -> list[str]:
    """Return how the backends stand that do not pass hand-derived NumPy: a line for each way to stand."""
    backends: dict[str, list[str]] = defaultdict(list)
    for name, crossover in crossovers.items():
        if isnan(crossover.at.center):
            backends[words.standing(crossover)].append(name)
    return [f"{', '.join(names)}: {standing}" for standing, names in sorted(backends.items())]


def _names(winners: list[Winner]) -> list[str]:
    return list(dict.fromkeys(winner.backend for winner in winners))


def _fastest(name: str, won: list[Winner], winners: list[Winner]) -> str:
    """Return where a backend is the fastest, and by how much. `won` has the winners that are this backend."""
    everywhere = len(won) == len(winners) > 1
    where = "every batch size" if everywhere else f"batch {_sizes(winner.batch_size for winner in won)}"
    ratios = [winner.ratio for winner in won]
    against = "" if name == CONTROL or any(map(isnan, ratios)) else _range(min(ratios), max(ratios))
    return f"{name} is fastest at {where}{against}"


def _range(low: float, high: float) -> str:
    """Return how a range of ratios compares with hand-derived NumPy. The text is empty if an end is not known."""
    fastest, slowest = words.versus(low), words.versus(high)
    if not (fastest and slowest) or fastest == slowest:
        return f", {fastest} hand-derived NumPy" if fastest else ""
    if high < 1:
        return f", {units.digits(1 / high)} to {fastest} hand-derived NumPy"
    if low > 1:
        return f", {units.digits(low)} to {slowest} hand-derived NumPy"
    return f", {fastest} to {slowest} hand-derived NumPy"


def _unclear(winners: list[Winner], *, first: bool) -> str:
    """Return where no backend clearly wins, or only one was timed. `first`: these words begin the sentence."""
    pairs = "; ".join(
        f"{winner.backend} and {winner.runner_up} at {winner.batch_size:,}"
        if winner.runner_up
        else f"{winner.backend} alone was timed at {winner.batch_size:,}"
        for winner in winners
    )
    if not any(winner.runner_up for winner in winners):
        return pairs
    return f"{'N' if first else 'n'}o clear winner, since intervals are too wide: {pairs}"


def _sizes(sizes: Iterable[int]) -> str:
    """Return the batch sizes as a list: `1, 100 and 10,000`."""
    texts = [f"{size:,}" for size in sizes]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
