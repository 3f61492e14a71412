"""Where the time goes, a row a case: its backend's costs, where it passes another backend, when compiling pays back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from report.run import cases
from report.run.fastest import margin
from report.run.payback import payback
from report.statistics import linear_cost
from report.statistics.crossover import Crossover, Point, crossover
from report.statistics.intervals import UNKNOWN, Interval
from report.table.keys import CONDITIONS, CONTROL, GROUP

COST = (*GROUP, *CONDITIONS, "backend", "batch_size")
"""The columns that name a row of the table."""

MEDIANS = ("roofline_fraction", "gradient_over_value", "peak_bytes", "seconds_to_target")
"""Columns of the run that the table repeats: their median over the launches."""

COST_COLUMNS = {
    "launches": "how many launches the case was measured in",
    "seconds_per_step": "the case's time; here and below `_low` and `_high` are the ends of the 95 % interval",
    "ratio": "to NumPy",
    "fit": "`good`; `poor`: the costs do not describe the times; or how many batch sizes there are, too few for a fit",
    "overhead_seconds": "of a step, whatever the batch size",
    "element_seconds": "cost per element: of a step, for each element of the batch",
    "residual": "measured over modelled time, less 1, where the model is off by the largest factor",
    "residual_at": "the batch size where that is",
    "against": "the backend that `crossover` compares with",
    "crossover": "from which batch size on the backend is faster, in words",
    "crossover_at": "estimate of the last crossover; `_low` and `_high`: the measured batch sizes around it",
    "payback": "calls after which compiling has paid back against NumPy, in words",
    "payback_calls": "the number, 1 at least; empty where compiling never pays back, or where nobody can say",
    **dict.fromkeys(MEDIANS, "median over the launches of the run's column"),
    "reason": "why there is no time",
}
"""The columns of the table in a file, after `COST`. An estimate is followed by the ends of its interval.

In memory, `crossover` and `payback` hold what `report.statistics.crossover` and `report.run.payback` return (`None`
where they do not apply), and `points` counts the batch sizes of the fit; `status`, `failed` and `reason` say why a case
has no time. Words are made of them where the table is written.
"""


class Fit(StrEnum):
    """Whether the linear cost model describes a backend's times."""

    GOOD = "good"
    POOR = "poor"
    TOO_FEW = "too few batch sizes"


@dataclass(frozen=True)
class Costs:
    """The costs of all cases; the cases; what their launches differ in; and what was asked for.

    `against` is the backend to pass. `batch_size` says where the payback is shown; `None`: at the largest.
    """

    rows: pd.DataFrame
    cases: pd.DataFrame
    mixed: dict[str, int]
    against: str
    batch_size: int | None


def cost_table(of: pd.DataFrame, against: str = CONTROL) -> pd.DataFrame:
    """Return the costs of the cases of `report.run.cases`, a row a case, ordered by `COST`."""
    rows = [row for _, group in of.groupby([*GROUP, *CONDITIONS]) for row in _of_group(group, against)]
    return pd.DataFrame(rows)


def passes(group: pd.DataFrame, backend: str, other: str) -> Crossover | None:
    """Return where a backend passes another; `None` where they share no batch size, or are the same.

    Against hand-derived NumPy each case has its own paired ratio. Against another backend, both times and ratios must
    be apart.
    """
    points = list(_points(group, backend, other)) if backend != other else []
    return crossover(points) if points else None


def _points(group: pd.DataFrame, backend: str, other: str) -> Iterator[Point]:
    timed = cases.timed(group).sort_values("batch_size")
    mine, others = (timed[timed["backend"] == name] for name in (backend, other))
    if other == CONTROL:
        ratios = mine[["ratio", "ratio_low", "ratio_high"]].to_numpy(dtype=float)
        for size, (center, low, high) in zip(mine["batch_size"], ratios, strict=True):
            if center > 0:
                yield int(size), Interval(center, low, high)
        return
    for size in sorted(set(mine["batch_size"]) & set(others["batch_size"])):
        here, there = (rows[rows["batch_size"] == size] for rows in (mine, others))
        yield int(size), Interval(*(float(end[0]) for end in margin(there, here)))


def _of_group(group: pd.DataFrame, against: str) -> Iterator[dict[str, object]]:
    for backend, mine in group.groupby("backend"):
        shared = _fit(cases.timed(mine)) | _crossover(passes(group, str(backend), against), against)
        for _, case in mine.sort_values("batch_size").iterrows():
            kept = {name: case[name] for name in (*COST, "launches", *MEDIANS, "status", "failed", "reason")}
            yield kept | _measured(case) | shared | _payback(case)


def _measured(case: pd.Series) -> dict[str, object]:
    seconds, ratio = (Interval(*(case[f"{name}{end}"] for end in cases.ENDS)) for name in ("seconds", "ratio"))
    per_step = Interval(*(value / case["steps"] for value in seconds))
    return _ends("seconds_per_step", per_step) | _ends("ratio", ratio)


def _fit(timed: pd.DataFrame) -> dict[str, object]:
    seconds = [timed[f"seconds{end}"] / timed["steps"] for end in cases.ENDS]
    found = linear_cost.fit(timed["batch_size"], *seconds)
    kind = Fit.TOO_FEW if found is None else Fit.POOR if found.poor else Fit.GOOD
    found = found or linear_cost.LinearCost(UNKNOWN, UNKNOWN, np.nan, np.nan, poor=True)
    costs = _ends("overhead_seconds", found.overhead) | _ends("element_seconds", found.per_element)
    residual = {"residual": found.residual, "residual_at": found.residual_at}
    return {"fit": kind, "points": len(timed)} | costs | residual


def _crossover(found: Crossover | None, against: str) -> dict[str, object]:
    return {"against": against, "crossover": found} | _ends("crossover_at", UNKNOWN if found is None else found.at)


def _payback(case: pd.Series) -> dict[str, object]:
    found = None if case["backend"] == CONTROL or case["failed"] else payback(case)
    return {"payback": found} | _ends("payback_calls", UNKNOWN if found is None else found.calls)


def _ends(name: str, interval: Interval) -> dict[str, object]:
    return {name: interval.center, f"{name}_low": interval.low, f"{name}_high": interval.high}
