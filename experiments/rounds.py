"""How long a duel's round should be: `python -m experiments.rounds` duels this checkout with itself at each length.

The seconds are the same for all, so that short rounds are many. Printed is the median over the cells: of the scatter of
a round's log ratio within its pair (1.48 times the median absolute deviation), of the rounds a pair, and of the
standard error of a pair's median that follows. Three minutes on two cores.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
from scipy import stats

from bench import duel, duelling, options
from bench.duel import Effort, Sides, Stage, lanes
from bench.workers import Side
from report.gate import never

LENGTHS = (0.0005, 0.001, 0.002, 0.005, 0.010)
BACKENDS = "numpy,numpy-inplace,autograd,torch-grad,jax-jit,jax-loop"
SECONDS = 0.9
PAIRS = 4


def main() -> None:
    """Print the table, as Markdown."""
    print("| round at least | rounds a pair | scatter of a round | standard error of a pair |")
    print("| ---: | ---: | ---: | ---: |")
    for length in LENGTHS:
        cells = pd.DataFrame(_cells(length)).median()
        error = 100 * cells["error"]
        print(f"| {1e3 * length:g} ms | {cells['rounds']:.0f} | {100 * cells['scatter']:.1f} % | {error:.2f} % |")


def _cells(length: float) -> Iterator[dict[str, float]]:
    """Yield what rounds of this length tell of each cell."""
    duel.ROUND_SECONDS = length
    sides = Sides(Side(), Side())
    words = dict.fromkeys(options.HELP) | duelling.DEFAULTS | {"backend": BACKENDS}
    cases = duelling.cases_of(sides, words).common
    stage = Stage(sides, Effort(SECONDS, 0.0, 300.0, lanes()), cases, PAIRS, never)
    stage.run(lambda: None)
    for rounds in stage.rounds.values():
        logs = pd.Series([math.log(one.head_seconds / one.base_seconds) for one in rounds])
        pairs = logs.groupby([one.pair for one in rounds])
        scatter = float(pairs.agg(lambda one: stats.median_abs_deviation(one, scale="normal")).median())
        count = float(pairs.size().median())
        yield {"rounds": count, "scatter": scatter, "error": scatter * math.sqrt(math.pi / 2.0 / count)}


if __name__ == "__main__":
    main()
