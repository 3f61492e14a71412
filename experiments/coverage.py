"""Do the intervals hold? `python -m experiments.coverage ROUNDS.json`, of a race with `--benchmark-json ROUNDS.json`.

The rounds of each case are cut into windows of neighbours. Printed is how often the 95 % interval of one window holds
the median of the next: with each round taken for an independent sample, and as the harness does it, over blocks.
Two windows of independent rounds would agree in about 83 % of the cases, since the next median has an error of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import quantile_test

from report.statistics.intervals import CONFIDENCE, Interval, median_interval

MIN_ROUNDS = 40
"""Rounds of a window: the fewest that the harness cuts into blocks."""


def main() -> None:
    """Print a line for each kind of interval."""
    parser = argparse.ArgumentParser(prog="python -m experiments.coverage", description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", metavar="ROUNDS.json", type=Path)
    benchmarks = json.loads(parser.parse_args().rounds.read_text(encoding="utf-8"))["benchmarks"]
    series = [np.array(one["stats"]["data"]) for one in benchmarks if len(one["stats"]["data"]) >= 2 * MIN_ROUNDS]
    kinds: dict[str, Callable[[Any], Interval]] = {"independent rounds": each_alone, "blocks": median_interval}
    print("| interval | holds the next window's median | windows | median half-width |\n| --- | --- | --- | --- |")
    for name, interval in kinds.items():
        found = [list(agreement(rounds, interval)) for rounds in series]
        hits = [hit for case in found for hit, _ in case]
        widths = [width for case in found for _, width in case]
        print(f"| {name} | {100 * np.mean(hits):.0f} % | {len(hits)} | ± {100 * np.median(widths):.1f} % |")


def agreement(rounds: Any, interval: Callable[[Any], Interval]) -> Iterator[tuple[bool, float]]:
    """Yield, for each window but the last, whether its interval holds the next one's median, and its half-width."""
    for window, following in pairwise(np.array_split(rounds, len(rounds) // MIN_ROUNDS)):
        ends = interval(window)
        yield ends.low <= np.median(following) <= ends.high, (ends.high - ends.low) / 2 / ends.center


def each_alone(samples: Any) -> Interval:
    """Return the interval of the median where each round is taken for an independent sample."""
    ends: Any = quantile_test(samples).confidence_interval(CONFIDENCE)
    return Interval(float(np.median(samples)), float(ends.low), float(ends.high))


if __name__ == "__main__":
    main()
