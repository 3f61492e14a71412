"""Are the answers of `report best` and `report costs` right? `python -m experiments.decisions`

All of it is simulated, because the truth must be known: the times have known costs, and the errors of their logarithms
are normal. The project's own rules judge them. The table has how often the intervals of the fit hold the true costs,
how often the decision table names a backend that may be the fastest, and how close an estimated crossover is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench.case.rounds import ratio_interval
from experiments import provenance
from report.compare import changes
from report.compare.comparison import COMPARE_CONFIDENCE
from report.run import cases
from report.run.fastest import Fastest, fastest
from report.statistics import linear_cost
from report.statistics.crossover import crossover
from report.statistics.intervals import Interval, rounds_interval
from report.table.schema import NAMES

SEED = 0
OVERHEAD, COST_PER_ELEMENT = 2e-6, 5e-10
"""The true costs of the fits: seconds a call, and seconds an element."""

ROUNDS, ROUND_ERROR = 240, 0.05
"""Of a case in one launch: how many rounds it has, as most cases of the race do, and their errors."""

RACES = ((2, 1, 0.0), (2, 1, 0.02), (2, 1, 0.03), (10, 1, 0.03), (10, 3, 0.03), (10, 5, 0.03))
"""Of each kind of race: backends, launches, and what launches differ by: 3 % is the floor that is assumed."""

ADVANTAGE = 0.20

COMPARED, BETWEEN = 20, 0.03
"""Of a comparison: its cases, and what launches differ by."""

STATED_ERROR = 0.02
"""The error of a time that its interval states."""

Figures = tuple[str, str, str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each figure."""
    parser = argparse.ArgumentParser(prog="python -m experiments.decisions", description=__doc__.partition("\n")[0])
    parser.add_argument("--fits", type=int, default=1000, help="of each kind (default: 1000)")
    parser.add_argument("--races", type=int, default=400, help="of each kind (default: 400)")
    parser.add_argument("--comparisons", type=int, default=1000, help="of each kind (default: 1000)")
    parser.add_argument("--crossovers", type=int, default=2000, help="of each kind (default: 2000)")
    options = parser.parse_args(arguments)
    random = np.random.default_rng(SEED)
    print("| what | holds | from |\n| --- | --- | --- |", flush=True)
    of_each = (
        fits(random, options.fits),
        races(random, options.races),
        comparisons(random, options.comparisons),
        crossovers(random, options.crossovers),
    )
    for simulated in of_each:
        for figures in simulated:
            print(f"| {' | '.join(figures)} |", flush=True)
    print(provenance.line("Simulated"))


def fits(random: np.random.Generator, number: int) -> Iterator[Figures]:
    """Yield how often the intervals of the overhead and of the cost per element hold the true costs."""
    for sizes in (3, 4, 7):
        for error in (0.02, 0.10, 0.30):
            found = [_fit(random, sizes, error) for _ in range(number)]
            overhead = _share(fit.overhead.low <= OVERHEAD <= fit.overhead.high for fit in found)
            element = _share(fit.per_element.low <= COST_PER_ELEMENT <= fit.per_element.high for fit in found)
            poor = _share(fit.poor for fit in found)
            stated = f"intervals that say {_percent(STATED_ERROR)}"
            yield (
                f"fit: {sizes} batch sizes, times off by {_percent(error)}, {stated}",
                f"overhead {_percent(overhead)}, cost per element {_percent(element)}",
                f"{number:,} fits, {_percent(poor)} poor",
            )


def _fit(random: np.random.Generator, count: int, error: float) -> linear_cost.LinearCost:
    sizes = np.logspace(0, 6, count)
    times = (OVERHEAD + COST_PER_ELEMENT * sizes) * np.exp(random.normal(0.0, error, count))
    half = np.exp(linear_cost.NORMAL * STATED_ERROR)
    found = linear_cost.fit(sizes, times, times / half, times * half)
    assert found is not None  # noqa: S101 (there are enough batch sizes)
    return found


def races(random: np.random.Generator, number: int) -> Iterator[Figures]:
    """Yield how often one of several equal backends is named the fastest, and how often one that is truly faster."""
    for backends, launches, between in RACES:
        kind = Kind(backends, launches, between)
        won = _share(outcome.separated for outcome in _raced(random, number, kind, 1.0))
        what = f"best: {backends} equal backends, launches: {launches}, which differ by {_percent(between)}"
        yield what, f"one is named fastest in {_percent(won)}", f"{number:,} races"
        found = _raced(random, number, kind, 1.0 - ADVANTAGE)
        won = _share(outcome.separated and outcome.backend == "0" for outcome in found)
        yield f"the same, but one truly faster by {_percent(ADVANTAGE)}", f"it is named in {_percent(won)}", "the same"


class Kind(NamedTuple):
    """A kind of race. `between` is the standard deviation of a launch's logarithm."""

    backends: int
    launches: int
    between: float


def _raced(random: np.random.Generator, number: int, kind: Kind, first: float) -> list[Fastest]:
    """Return the outcomes of some races in which the first backend takes `first` times as long as the others."""
    rows = [row for race in range(number) for row in _race(random, race, kind, first)]
    raced = cases.from_rows(pd.DataFrame(rows)).groupby("batch_size")
    outcomes = (fastest(same) for _, same in raced)
    return [outcome for outcome in outcomes if outcome is not None]


def _race(random: np.random.Generator, race: int, kind: Kind, first: float) -> Iterator[dict[str, object]]:
    """Yield the rows of a race, with the columns of a CSV; its number, from 1 on, stands in for the batch size."""
    for backend in map(str, range(kind.backends)):
        for launch in range(kind.launches):
            level = np.exp(random.normal(0.0, kind.between)) * (first if backend == "0" else 1.0)
            case = {"batch_size": race + 1, "backend": backend, "launch": launch, "status": "ok", "reason": ""}
            row: dict[str, object] = dict.fromkeys(NAMES, 0) | case
            for measure, interval in (("seconds", rounds_interval), ("ratio", ratio_interval)):
                rounds = level * np.exp(random.normal(0.0, ROUND_ERROR, ROUNDS))
                # Several launches count by their medians alone, and an interval takes long to compute.
                ends = interval(rounds) if kind.launches == 1 else (np.median(rounds), np.nan, np.nan)
                row |= dict(zip(filter(None, cases.MEASURES[measure]), ends, strict=True))
            yield row | {"compile_seconds": 0.0, "first_call_seconds": 0.0, "warnings": ""}


def comparisons(random: np.random.Generator, number: int) -> Iterator[Figures]:
    """Yield how often an interval of all cases together is wrong, where nothing has changed."""
    for launches in (5, 8, 10):
        for common in (0.0, 0.9):
            wrong = 0
            for _ in range(number):
                base, head = (_launches(random, launches, common) for _ in range(2))
                found = changes.intervals(base, head, COMPARE_CONFIDENCE)
                wrong += bool(((found["all_low"] > 1.0) | (found["all_high"] < 1.0)).any())
            what = f"compare: {COMPARED} equal cases, {launches} launches a side, noise in common {_percent(common)}"
            yield f"{what}: suites with a wrong interval", _percent(wrong / number), f"{number:,} suites"


def _launches(random: np.random.Generator, launches: int, common: float) -> np.ndarray:
    """Return logarithms of times: a row for each launch, whose cases have a share of their variance in common."""
    shared, own = random.normal(size=(launches, 1)), random.normal(size=(launches, COMPARED))
    return np.asarray(BETWEEN * (np.sqrt(common) * shared + np.sqrt(1.0 - common) * own))


def crossovers(random: np.random.Generator, number: int) -> Iterator[Figures]:
    """Yield how often the true crossover lies between the ends, and how far off the interpolated estimate is."""
    for step in (10, 100):
        sizes = step ** np.arange(round(6 / np.log10(step)) + 1)
        pairs = (_crossing(random, sizes) for _ in range(number))
        found = [pair for pair in pairs if pair is not None]
        held = _share(at.low <= true <= at.high for at, true in found)
        off = np.exp(np.abs([np.log(at.center / true) for at, true in found]))
        what = f"crossover: batch sizes a factor of {step} apart, ratios off by {_percent(STATED_ERROR)}"
        factors = f"≈ is off by a factor of {np.median(off):.2f} in the median, {np.quantile(off, 0.95):.2f} in 95 %"
        yield what, f"between the ends in {_percent(held)}; {factors}", f"{len(found):,} crossovers"


def _crossing(random: np.random.Generator, sizes: np.ndarray) -> tuple[Interval, float] | None:
    """Return the reported and the true crossover of two backends of random costs; `None` where none is reported."""
    overheads, elements = 10.0 ** random.uniform(-7, -4, 2), 10.0 ** random.uniform(-11, -8, 2)
    ratios = (overheads[0] + elements[0] * sizes) / (overheads[1] + elements[1] * sizes)
    half = np.exp(linear_cost.NORMAL * STATED_ERROR)
    measured = ratios * np.exp(random.normal(0.0, STATED_ERROR, len(sizes)))
    points = [
        (int(size), Interval(ratio, ratio / half, ratio * half)) for size, ratio in zip(sizes, measured, strict=True)
    ]
    true = float((overheads[1] - overheads[0]) / (elements[0] - elements[1]))
    at = crossover(points).at
    return None if np.isnan(at.center) or true <= 0 else (at, true)


def _share(hits: Iterator[bool]) -> float:
    return float(np.mean(list(hits)))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main()
