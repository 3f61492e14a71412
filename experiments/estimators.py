"""What a pair of a duel should be told by: `python -m experiments.estimators FOLDER/same.csv`, of `experiments.gate`.

Each estimator makes one number of a pair's rounds, and nothing has changed: printed is how much it scatters from pair
to pair, a standard deviation, in the median cell and in the worst.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from report.statistics.hodges_lehmann import hodges_lehmann
from report.table.keys import CASE

Logs = np.ndarray
SIDES = ("base_seconds", "head_seconds")


def quantiles(share: float, base: Logs, head: Logs) -> float:
    """Return the ratio of a quantile of either side's rounds."""
    return float(np.quantile(head, share) - np.quantile(base, share))


ESTIMATORS: dict[str, Callable[[Logs, Logs], float]] = {
    "median of the rounds' ratios": lambda base, head: float(np.median(head - base)),
    "Hodges–Lehmann of the ratios": lambda base, head: hodges_lehmann(head - base, 0.95)[0],
    "mean of their middle half": lambda base, head: float(stats.trim_mean(head - base, 0.25)),
    "ratio of the sides' medians": partial(quantiles, 0.5),
    "ratio of their lower quartiles": partial(quantiles, 0.25),
    "ratio of their minima": partial(quantiles, 0.0),
}


def main(path: str) -> None:
    """Print the table, as Markdown."""
    rounds = pd.read_csv(path, keep_default_na=False)
    pairs = list(rounds.groupby([*CASE, "pair"]))
    print("| a pair is told by | median cell | worst cell |\n| --- | ---: | ---: |")
    for name, estimate in ESTIMATORS.items():
        told = {key: estimate(*(np.log(rows[side]) for side in SIDES)) for key, rows in pairs}
        scatter = 100 * pd.Series(told).groupby(level=list(range(len(CASE)))).std()
        print(f"| {name} | {scatter.median():.2f} % | {scatter.max():.2f} % |")


if __name__ == "__main__":
    main(sys.argv[1])
