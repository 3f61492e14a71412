"""Where the time goes, a row a case: its backend's costs, where that passes another, and when its compilation pays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from report.run import estimates
from report.run.estimates import MEDIANS
from report.run.fastest import margin
from report.run.payback import payback
from report.statistics import linear_cost
from report.statistics.crossover import Crossover, Point, crossover
from report.statistics.intervals import NOTHING, Interval
from report.table.keys import CONDITIONS, CONTROL, GROUP

KEY = (*GROUP, *CONDITIONS, "backend", "batch_size")

COLUMNS = {
    "launches": "how many launches the case was measured in",
    "seconds_per_step": "the case's time; `_low` and `_high`, here and below: the ends of the 95 % interval",
    "ratio": "to NumPy",
    "fit": "`good`; `poor`: the costs do not describe the times; or why there is none",
    "overhead_seconds": "of a step, whatever the batch size",
    "slope_seconds": "of an element of the batch, a step",
    "residual": "measured over modelled time, less 1, where the model misses by the largest factor",
    "residual_at": "the batch size at which that is",
    "against": "the backend that `crossover` is with",
    "crossover": "from which batch size on the backend is faster, in words",
    "crossover_at": "estimate of the last change of sides; `_low` and `_high`: the measured batch sizes around it",
    "payback": "calls after which compiling has paid back against NumPy, in words",
    "payback_calls": "the number, 1 at least; empty where it never does, or where that is open",
    **dict.fromkeys(MEDIANS, "median over the launches of the run's column"),
    "reason": "why there is no time",
}
"""The columns after `KEY`; those of an estimate are followed by the ends of its interval."""


def cost_table(cases: pd.DataFrame, against: str = CONTROL) -> pd.DataFrame:
    """Return the costs of the cases of `report.estimates`, a row a case, ordered by `KEY`."""
    rows = [row for _, group in cases.groupby([*GROUP, *CONDITIONS]) for row in _of_group(group, against)]
    return pd.DataFrame(rows)


def passes(group: pd.DataFrame, backend: str, other: str) -> Crossover | None:
    """Return where a backend passes another; `None` where no batch size has both, or they are the same.

    Hand-derived NumPy is in every case's own ratio; with others, times and ratios must both be apart.
    """
    points = list(_points(group, backend, other)) if backend != other else []
    return crossover(points) if points else None


def _points(group: pd.DataFrame, backend: str, other: str) -> Iterator[Point]:
    timed = estimates.timed(group).sort_values("batch_size")
    others = timed[timed["backend"] == other]
    for _, mine in timed[timed["backend"] == backend].iterrows():
        if other == CONTROL:
            ratio = Interval(mine["ratio"], mine["ratio_low"], mine["ratio_high"])
        else:
            there = others[others["batch_size"] == mine["batch_size"]]
            ratio = margin(there.iloc[0], mine) if len(there) else NOTHING
        if ratio.center > 0:
            yield int(mine["batch_size"]), ratio


def _of_group(group: pd.DataFrame, against: str) -> Iterator[dict[str, object]]:
    for backend, mine in group.groupby("backend"):
        shared = _fit(estimates.timed(mine)) | _crossover(passes(group, str(backend), against), against)
        for _, case in mine.sort_values("batch_size").iterrows():
            key = {name: case[name] for name in KEY}
            of_case = _measured(case) | shared | _payback(case) | {name: case[name] for name in MEDIANS}
            yield key | {"launches": case["launches"]} | of_case | {"reason": case["reason"]}


def _measured(case: pd.Series) -> dict[str, object]:
    seconds, ratio = (
        Interval(*(case[f"{name}{end}"] for end in ("", "_low", "_high"))) for name in ("seconds", "ratio")
    )
    return _ends("seconds_per_step", Interval(*(value / case["steps"] for value in seconds))) | _ends("ratio", ratio)


def _fit(timed: pd.DataFrame) -> dict[str, object]:
    seconds = [timed[f"seconds{end}"] / timed["steps"] for end in ("", "_low", "_high")]
    found = linear_cost.fit(timed["batch_size"], *seconds)
    if found is None:
        words = f"{len(timed)} of {linear_cost.MIN_BATCH_SIZES} batch sizes"
        found = linear_cost.LinearCost(NOTHING, NOTHING, np.nan, np.nan, poor=True)
    else:
        words = "poor" if found.poor else "good"
    costs = _ends("overhead_seconds", found.overhead) | _ends("slope_seconds", found.slope)
    return {"fit": words} | costs | {"residual": found.residual, "residual_at": found.residual_at}


def _crossover(found: Crossover | None, against: str) -> dict[str, object]:
    at, words = (NOTHING, "") if found is None else (found.at, found.words)
    return {"against": against, "crossover": words} | _ends("crossover_at", at)


def _payback(case: pd.Series) -> dict[str, object]:
    if case["backend"] == CONTROL or case["reason"]:
        return {"payback": ""} | _ends("payback_calls", NOTHING)
    found = payback(case)
    return {"payback": found.words} | _ends("payback_calls", found.calls)


def _ends(name: str, interval: Interval) -> dict[str, object]:
    return {name: interval.center, f"{name}_low": interval.low, f"{name}_high": interval.high}
