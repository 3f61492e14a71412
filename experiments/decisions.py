"""Do `report best` and `report costs` hold what they say? `python -m experiments.decisions`

Simulated, since the truth must be known: times of known costs with normal errors of their logarithms, judged by the
project's own rules. Printed is how often the intervals of the fit hold the true costs, how often the decision table
names a backend that may be the fastest, and how well a crossover is told.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from report.run import estimates
from report.run.fastest import Fastest, fastest
from report.statistics import linear_cost
from report.statistics.crossover import crossover
from report.statistics.intervals import Interval, median_interval

SEED = 0
FITS, RACES, CROSSOVERS = 1000, 400, 2000
OVERHEAD, SLOPE = 2e-6, 5e-10
BACKENDS, ROUNDS = 10, 12
ROUND_ERROR = 0.05
ADVANTAGE = 0.10
TOLD = 0.02
"""The error of a time that its interval speaks of."""

Figures = tuple[str, str, str]


def main() -> None:
    """Print a line for each figure."""
    random = np.random.default_rng(SEED)
    print("| what | holds | from |\n| --- | --- | --- |", flush=True)
    for figures in (*fits(random), *races(random), *crossovers(random)):
        print(f"| {' | '.join(figures)} |", flush=True)


def fits(random: np.random.Generator) -> Iterator[Figures]:
    """Yield how often the intervals of overhead and slope hold the true ones."""
    for count in (3, 4, 7):
        for error in (0.02, 0.10, 0.30):
            found = [_fit(random, count, error) for _ in range(FITS)]
            held = [
                float(np.mean([cost.low <= true <= cost.high for cost in costs]))
                for true, costs in (
                    (OVERHEAD, [one.overhead for one in found]),
                    (SLOPE, [one.slope for one in found]),
                )
            ]
            what = f"fit: {count} batch sizes, times off by {_percent(error)}, intervals that say {_percent(TOLD)}"
            poor = float(np.mean([one.poor for one in found]))
            yield (
                what,
                f"overhead {_percent(held[0])}, slope {_percent(held[1])}",
                f"{FITS:,} fits, {_percent(poor)} poor",
            )


def _fit(random: np.random.Generator, count: int, error: float) -> linear_cost.LinearCost:
    sizes = np.logspace(0, 6, count)
    times = (OVERHEAD + SLOPE * sizes) * np.exp(random.normal(0.0, error, count))
    half = np.exp(linear_cost.NORMAL * TOLD)
    found = linear_cost.fit(sizes, times, times / half, times * half)
    assert found is not None  # noqa: S101 (there are enough batch sizes)
    return found


def races(random: np.random.Generator) -> Iterator[Figures]:
    """Yield how often one of ten equal backends, of which each may be the fastest, is among those that are named."""
    for launches in (1, 3, 5):
        for layout in (0.0, 0.02):
            what = f"best: {BACKENDS} equal backends, launches: {launches}, which differ by {_percent(layout)}"
            found = _raced(random, launches, layout, 1.0)
            named = float(np.mean(["0" in (each.backend, *each.rivals) for each in found]))
            yield what, f"each is named in {_percent(named)}", f"{RACES:,} races"
            found = _raced(random, launches, layout, 1.0 - ADVANTAGE)
            won = float(np.mean([each.separated and each.backend == "0" for each in found]))
            yield f"the same, but one truly faster by {_percent(ADVANTAGE)}", f"it wins in {_percent(won)}", "the same"


def _raced(random: np.random.Generator, launches: int, layout: float, first: float) -> list[Fastest]:
    """Return the outcome of many races in which the first backend takes so many times what the others take."""
    rows = [row for race in range(RACES) for row in _race(random, race, launches, layout, first)]
    raced = estimates.of_cases(pd.DataFrame(rows)).groupby("batch_size")
    return [each for each in (fastest(cases) for _, cases in raced) if each is not None]


def _race(
    random: np.random.Generator, race: int, launches: int, layout: float, first: float
) -> Iterator[dict[str, object]]:
    """Yield the rows of a race, whose number stands for its batch size: what the estimates read of a run."""
    for backend in map(str, range(BACKENDS)):
        for launch in range(launches):
            own = np.exp(random.normal(0.0, layout)) * (first if backend == "0" else 1.0)
            case = {"batch_size": race, "backend": backend, "launch": launch, "status": "ok", "reason": ""}
            row: dict[str, object] = dict.fromkeys((*estimates.KEY, *estimates.MEDIANS), 0) | case
            for what in ("seconds", "ratio"):
                rounds = own * np.exp(random.normal(0.0, ROUND_ERROR, ROUNDS))
                # Of several launches the medians alone count, and an interval takes long.
                ends = median_interval(rounds) if launches == 1 else (np.median(rounds), np.nan, np.nan)
                row |= dict(zip(filter(None, estimates.MEASURES[what]), ends, strict=True))
            yield row | {"compile_seconds": 0.0, "first_call_seconds": 0.0}


def crossovers(random: np.random.Generator) -> Iterator[Figures]:
    """Yield how often the true crossover lies between the ends, and how far off the interpolated one is."""
    for step in (10, 100):
        sizes = step ** np.arange(round(6 / np.log10(step)) + 1)
        found = [each for each in (_crossing(random, sizes) for _ in range(CROSSOVERS)) if each is not None]
        held = float(np.mean([at.low <= true <= at.high for at, true in found]))
        off = np.exp(np.abs([np.log(at.center / true) for at, true in found]))
        what = f"crossover: batch sizes a factor of {step} apart, ratios off by {_percent(TOLD)}"
        factors = f"≈ is off by a factor of {np.median(off):.2f} in the median, {np.quantile(off, 0.95):.2f} in 95 %"
        yield what, f"between the ends in {_percent(held)}; {factors}", f"{len(found):,} crossovers"


def _crossing(random: np.random.Generator, sizes: np.ndarray) -> tuple[Interval, float] | None:
    """Return a crossover of two random costs as it is told, and the true one; `None` where none is told."""
    overheads, slopes = 10.0 ** random.uniform(-7, -4, 2), 10.0 ** random.uniform(-11, -8, 2)
    ratios = (overheads[0] + slopes[0] * sizes) / (overheads[1] + slopes[1] * sizes)
    half = np.exp(linear_cost.NORMAL * TOLD)
    measured = ratios * np.exp(random.normal(0.0, TOLD, len(sizes)))
    points = [
        (int(size), Interval(ratio, ratio / half, ratio * half)) for size, ratio in zip(sizes, measured, strict=True)
    ]
    true = float((overheads[1] - overheads[0]) / (slopes[0] - slopes[1]))
    at = crossover(points).at
    return None if np.isnan(at.center) or true <= 0 else (at, true)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main()
