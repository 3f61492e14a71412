"""Do the intervals hold? `python -m experiments.coverage ROUNDS.json …`, of races with `--benchmark-json ROUNDS.json`

The rounds of each case are cut into windows of neighbours. The table has how often the 95 % interval of a window holds
the median of the next window, by the number of rounds in a window. There are two kinds of interval: one takes each
round for an independent sample, the other is the harness's own. If rounds were independent, two windows would agree
about as often as the last column says, because the next median has an error of its own: it is the share of windows of
the same rounds in random order, by the interval that is not widened.
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
from report.statistics.intervals import CONFIDENCE, Interval, median_interval, rounds_interval

WINDOWS = (6, 8, 12, 20, 30, 39, 40, 80)
"""Rounds of a window. A case has at least 6 rounds. From 40 on the harness cuts them into blocks."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each size of a window."""
    parser = argparse.ArgumentParser(prog="python -m experiments.coverage", description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", metavar="ROUNDS.json", type=Path, nargs="+", help="what --benchmark-json wrote")
    races = [json.loads(path.read_text(encoding="utf-8")) for path in parser.parse_args(arguments).rounds]
    every = [np.array(benchmark["stats"]["data"]) for race in races for benchmark in race["benchmarks"]]
    if not any(len(rounds) >= 2 * WINDOWS[0] for rounds in every):
        parser.error(f"no case has {2 * WINDOWS[0]} rounds, which two windows take; race it for longer")
    print(
        "| rounds | independent rounds | the harness's own | half-width | windows | in random order |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for size in WINDOWS:
        series = [rounds for rounds in every if len(rounds) >= 2 * size]
        if series:
            print(row(size, series))
    commits = [provenance.described(race["commit_info"]["id"], race["commit_info"]["dirty"]) for race in races]
    print(provenance.line("Measured", commits))


def row(size: int, series: Sequence[Any]) -> str:
    """Return the table's row of windows of `size` rounds."""
    rng = np.random.default_rng(0)
    single = list(_agreements(series, size, of_single_rounds))
    own = list(_agreements(series, size, rounds_interval))
    shuffled = list(_agreements([rng.permutation(rounds) for rounds in series], size, median_interval))
    shares = [f"{100 * np.mean([hit for hit, _ in windows]):.0f} %" for windows in (single, own, shuffled)]
    width = f"± {100 * np.median([width for _, width in own]):.1f} %"
    return f"| {size} | {shares[0]} | {shares[1]} | {width} | {len(own):,} | {shares[2]} |"


def _agreements(series: Sequence[Any], size: int, interval: Callable[[Any], Interval]) -> Iterator[tuple[bool, float]]:
    for rounds in series:
        yield from agreement(rounds, interval, size)


def agreement(rounds: Any, interval: Callable[[Any], Interval], size: int) -> Iterator[tuple[bool, float]]:
    """Yield, for each window but the last, whether its interval holds the next median, and its relative half-width."""
    for window, following in pairwise(np.array_split(rounds, len(rounds) // size)):
        ends = interval(window)
        yield ends.low <= np.median(following) <= ends.high, (ends.high - ends.low) / 2 / ends.center


def of_single_rounds(samples: Any) -> Interval:
    """Return the interval of the median where each round is taken for an independent sample."""
    ends: Any = quantile_test(samples).confidence_interval(CONFIDENCE)
    return Interval(float(np.median(samples)), float(ends.low), float(ends.high))


if __name__ == "__main__":
    main()
