"""Do the intervals hold? `python -m experiments.coverage ROUNDS.json`, of a race with `--benchmark-json ROUNDS.json`

The rounds of each case are cut into windows of neighbours. The table has how often the 95 % interval of a window holds
the median of the next window, for two kinds of interval. The first takes each round for an independent sample. The
second is the harness's own, over blocks of rounds. If rounds were independent, two windows would agree in about 83 % of
the cases, because the next median has an error of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import quantile_test

from experiments import provenance
from report.statistics.intervals import CONFIDENCE, Interval, median_interval

WINDOW_ROUNDS = 40
"""Rounds of a window: the smallest number that the harness cuts into blocks."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each kind of interval."""
    parser = argparse.ArgumentParser(prog="python -m experiments.coverage", description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", metavar="ROUNDS.json", type=Path, help="what --benchmark-json wrote")
    recorded = json.loads(parser.parse_args(arguments).rounds.read_text(encoding="utf-8"))
    every = [np.array(benchmark["stats"]["data"]) for benchmark in recorded["benchmarks"]]
    series = [rounds for rounds in every if len(rounds) >= 2 * WINDOW_ROUNDS]
    if not series:
        parser.error(f"no case has {2 * WINDOW_ROUNDS} rounds, which two windows take; race it for longer")
    kinds: dict[str, Callable[[Any], Interval]] = {"independent rounds": of_single_rounds, "blocks": median_interval}
    print("| interval | holds the next window's median | windows | median half-width |\n| --- | --- | --- | --- |")
    for name, interval in kinds.items():
        hits, widths = zip(*(window for rounds in series for window in agreement(rounds, interval)), strict=True)
        print(f"| {name} | {100 * np.mean(hits):.0f} % | {len(hits)} | ± {100 * np.median(widths):.1f} % |")
    commit = recorded["commit_info"]
    print(provenance.line("Measured", [provenance.described(commit["id"], commit["dirty"])]))


def agreement(rounds: Any, interval: Callable[[Any], Interval]) -> Iterator[tuple[bool, float]]:
    """Yield, for each window but the last, whether its interval holds the next median, and its relative half-width."""
    for window, following in pairwise(np.array_split(rounds, len(rounds) // WINDOW_ROUNDS)):
        ends = interval(window)
        yield ends.low <= np.median(following) <= ends.high, (ends.high - ends.low) / 2 / ends.center


def of_single_rounds(samples: Any) -> Interval:
    """Return the interval of the median where each round is taken for an independent sample."""
    ends: Any = quantile_test(samples).confidence_interval(CONFIDENCE)
    return Interval(float(np.median(samples)), float(ends.low), float(ends.high))


if __name__ == "__main__":
    main()
