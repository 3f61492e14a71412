"""The gate's table: duels drawn from the measured pairs, by the duel's own rules, and comparisons of measured runs."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.gate.collect import PERCENTS
from report.compare import noise_floor
from report.compare.comparison import Rules as CompareRules
from report.compare.comparison import compare
from report.compare.sides import of_files
from report.statistics import duel_rules
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict

THRESHOLDS = dict(zip(PERCENTS, (0.03, 0.015), strict=True))
"""The threshold at which a slowdown of so many percent is looked for."""

MAX_SPLITS = 300
CLOSE = 1.25
"""A measured slowdown of up to this multiple of the one asked for is close to it."""

Pools = dict[tuple[Any, ...], np.ndarray]
"""The median log ratio of each measured pair, by backend, problem and batch size."""

Row = tuple[str, str, str]


def rows(folder: Path, duels: int, launches: int) -> Iterator[Row]:
    """Yield the rows: what was asked, what was found, and from how much."""
    generator = np.random.default_rng(0)
    same = pools(folder / "same.csv")
    yield from _nothing_changed(same, duels, generator)
    for percent in PERCENTS:
        yield from _slowed(folder / f"slow{percent}.csv", percent, same, duels, generator)
    yield from _compared(folder, launches)


def pools(path: Path, share: float = 1.0) -> Pools:
    """Return each case's pairs. Of each pair only the first `share` of its rounds counts, as in a shorter stage."""
    rounds = pd.read_csv(path, keep_default_na=False)
    of_pair = rounds.groupby(["backend", "batch_size", "pair"])
    kept = of_pair.cumcount() < np.ceil(share * of_pair["pair"].transform("size"))
    return {(case[2], case[1], case[3]): logs for case, logs in noise_floor.pools(rounds[kept]).items()}


def _nothing_changed(same: Pools, duels: int, generator: np.random.Generator) -> Iterator[Row]:
    """Yield how large the changes are in duels of a checkout with itself, and how many of the duels fail."""
    rules = Rules(duel_rules.THRESHOLD)
    drawn = [duel_rules.draw(same, rules, generator) for _ in range(duels)]
    changes = np.array([abs(change.center - 1.0) for duel in drawn for change, _ in duel.values()])
    failed = [any(verdict == Verdict.REGRESSED for _, verdict in duel.values()) for duel in drawn]
    at = f"{100 * rules.threshold:g} %"
    source = f"{duels:,} duels drawn from {_pairs(same)} pairs"
    yield f"duels of a checkout with itself, {len(same)} cases: median change", _percent(np.median(changes)), source
    yield "the same: 95 % of the cases change by less than", _percent(np.quantile(changes, 0.95)), "the same"
    yield f"the same: duels that fail at {at}", _percent(np.mean(failed)), "the same"


def _slowed(path: Path, percent: int, same: Pools, duels: int, generator: np.random.Generator) -> Iterator[Row]:
    """Yield how often a slowdown of one backend is found, in each of its cases and by the duel as a whole.

    A short call is slowed down by more than was asked for. The cases that are close to it have a row of their own.
    """
    rules = Rules(THRESHOLDS[percent])
    first, second = pools(path, (duel_rules.FRESH_PRECISION / duel_rules.PRECISION) ** 2), pools(path)
    hits: dict[tuple[Any, ...], list[bool]] = {case: [] for case in second}
    failed = []
    for backend in sorted({case[0] for case in second}):
        slow = {case: logs for case, logs in second.items() if case[0] == backend}
        for _ in range(max(1, duels // 10)):
            drawn = duel_rules.draw(same | {case: first[case] for case in slow}, rules, generator, changed=slow)
            for case in slow:
                hits[case].append(drawn[case][1] == Verdict.REGRESSED)
            failed.append(any(hits[case][-1] for case in slow))
    true = {case: float(np.expm1(np.median(logs))) for case, logs in second.items()}
    close = [case for case, size in true.items() if size <= CLOSE * percent / 100]
    measured = f"measured: {_range(true.values())}), threshold {100 * rules.threshold:g} %"
    source = f"{len(failed):,} duels drawn from {_pairs(second)} pairs of each of {len(second)} cases"
    yield f"{percent} % more work in one backend ({measured}: cases found", _percent(np.mean([*hits.values()])), source
    if close:
        found = _percent(np.mean([hits[case] for case in close]))
        yield f"the same, cases at {_range(true[case] for case in close)} alone", found, f"{len(close)} cases"
    yield "the same: duels that fail", _percent(np.mean(failed)), "the same"


def _compared(folder: Path, launches: int) -> Iterator[Row]:
    """Yield how often `report compare` fails: between the runs, and between halves of all their launches."""
    runs = [pd.read_csv(path, keep_default_na=False) for path in sorted(folder.glob("pinned*.csv"))]
    sides = list(itertools.permutations(runs, 2))
    every = pd.concat([run.assign(launch=run["launch"] + 100 * number) for number, run in enumerate(runs)])
    numbers = sorted(every["launch"].unique())
    splits = list(itertools.combinations(numbers, launches))
    drawn = random.sample(splits, min(MAX_SPLITS, len(splits)))
    halves = [(every[every["launch"].isin(half)], every[~every["launch"].isin(half)]) for half in drawn]
    at = f"{100 * CompareRules().threshold:g} %"
    what = f"report compare, {launches} pinned launches a side: suites that fail at {at}"
    yield what, _fails(sides, launches), f"{len(sides)} ordered pairs of {len(runs)} runs"
    yield what, _fails(halves, launches), f"{len(halves)} of {len(splits)} splits of their {len(numbers)} launches"


def _fails(sides: list[tuple[pd.DataFrame, pd.DataFrame]], launches: int) -> str:
    return _percent(np.mean([_fails_compared(base, head, launches) for base, head in sides]))


def _fails_compared(base: pd.DataFrame, head: pd.DataFrame, launches: int) -> bool:
    """Whether `report compare` fails with these rows, of each side only the first launches."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "base.csv", Path(folder) / "head.csv"]
        for path, side in zip(paths, (base, head), strict=True):
            chosen = side[side["launch"].isin(sorted(side["launch"].unique())[:launches])]
            chosen.replace({"dirty": {True: "true", False: "false"}}).to_csv(path, index=False)
        return compare(of_files([paths[0]], [paths[1]]), CompareRules()).exit_code == 1


def _pairs(measured: Pools) -> int:
    return min(map(len, measured.values()))


def _range(shares: Any) -> str:
    every = list(shares)
    return f"{100 * min(every):.1f} to {100 * max(every):.1f} %"


def _percent(share: Any) -> str:
    return f"{100 * float(share):.2f} %"
