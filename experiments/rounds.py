"""How long a duel's round should be: `python -m experiments.rounds` duels this checkout with itself at each length.

The seconds are the same for all, so that short rounds are many. Printed is the median over the cells: of the scatter of
a round's log ratio within its pair (1.48 times the median absolute deviation), of the rounds a pair, and of the
standard error of a pair's median that follows. Then how the pairs of `numpy-inplace` scatter, a standard deviation,
where its arrays stay and where they are moved. Five minutes on two cores.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
from scipy import stats

from bench import options
from bench.duel import command as duelling
from bench.duel import pair as duel
from bench.duel.pair import Effort
from bench.duel.sides import Sides, cases_of
from bench.duel.stage import Round, Stage, lanes
from bench.process.client import Side
from report.statistics.duel_rules import never

LENGTHS = (0.0005, 0.001, 0.002, 0.005, 0.010)
BACKENDS = "numpy,numpy-inplace,autograd,torch-grad,jax-jit,jax-loop"
SECONDS = 0.9
PAIRS, MANY = 4, 24


def main() -> None:
    """Print the table, as Markdown."""
    print("| round at least | rounds a pair | scatter of a round | standard error of a pair |")
    print("| ---: | ---: | ---: | ---: |")
    for length in LENGTHS:
        cells = pd.DataFrame(_cells(length)).median()
        error = 100 * cells["error"]
        print(f"| {1e3 * length:g} ms | {cells['rounds']:.0f} | {100 * cells['scatter']:.1f} % | {error:.2f} % |")
    print("\n| numpy-inplace at 10,000: arrays | pairs scatter by |\n| --- | ---: |")
    duel.MIN_ROUND_SECONDS = 0.001
    for name, every in (("stay", sys.maxsize), ("are moved every 8 rounds", 8)):
        duel.ROUNDS_PER_MOVE = every
        (cell,) = _stage({"backend": "numpy-inplace", "batch_size": "10000"}, MANY).values()
        print(f"| {name} | {100 * float(_pairs(cell).median().std()):.1f} % |")


def _cells(length: float) -> Iterator[dict[str, float]]:
    """Yield what rounds of this length tell of each cell."""
    duel.MIN_ROUND_SECONDS = length
    for rounds in _stage({"backend": BACKENDS}, PAIRS).values():
        pairs = _pairs(rounds)
        scatter = float(pairs.agg(lambda one: stats.median_abs_deviation(one, scale="normal")).median())
        count = float(pairs.size().median())
        yield {"rounds": count, "scatter": scatter, "error": scatter * math.sqrt(math.pi / 2.0 / count)}


def _stage(selection: dict[str, str], pairs: int) -> dict[int, list[Round]]:
    """Return the rounds of each cell selected, in so many pairs of this checkout with itself."""
    sides = Sides(Side(), Side())
    cases = cases_of(sides, {**dict.fromkeys(options.HELP), **duelling.DEFAULTS, **selection}).common
    stage = Stage(sides, Effort(SECONDS, 0.0, 300.0, lanes()), cases, pairs, never)
    stage.run(lambda: None)
    return stage.rounds


def _pairs(rounds: list[Round]) -> Any:
    """Return the log ratios of the rounds, by pair."""
    logs = pd.Series([math.log(one.head_seconds / one.base_seconds) for one in rounds])
    return logs.groupby([one.pair for one in rounds])


if __name__ == "__main__":
    main()
