"""Where the time goes: what a backend costs, where it passes another backend, and when compiling pays back."""

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
"""The columns that identify a row of the table."""

MEDIANS = (
    "startup_seconds",
    "compile_seconds",
    "warm_compile_seconds",
    "roofline_fraction",
    "gradient_over_value",
    "peak_bytes",
    "seconds_to_target",
)
"""The run's columns whose medians over the launches are in the table."""

COST_COLUMNS = {
    "launches": "how many launches the case was measured in",
    "seconds_per_step": "the case's time; here and below, `_low` and `_high` are the ends of the 95 % interval",
    "ratio": "ratio to NumPy",
    "fit": "`good`; `poor`: the costs do not describe the times; or the number of batch sizes, if too few for a fit",
    "overhead_seconds": "overhead of a step, the same at every batch size",
    "element_seconds": "cost per element: seconds that each element of the batch adds to a step",
    "residual": "measured over modelled time, less 1, where the model is off by the largest factor",
    "residual_at": "the batch size of that residual",
    "against": "the backend that `crossover` compares with",
    "crossover": "from which batch size on the backend is faster, in words",
    "crossover_at": "estimate of the last crossover; `_low` and `_high`: the measured batch sizes around it",
    "payback": "after how many calls starting and compiling have paid back against NumPy, in words",
    "payback_calls": "this number of calls, at least 1; empty if it never pays back or that is not known",
    **dict.fromkeys(MEDIANS, "median over the launches of the run's column"),
    "reason": "why the case has no time",
}
"""The columns of the table in a file, after `COST`. An estimate is followed by the ends of its interval.

In memory, `crossover` and `payback` hold what `report.statistics.crossover` and `report.run.payback` return, or `None`
where they do not apply. `points` counts the batch sizes of the fit. `status`, `failed` and `reason` say why a case has
no time. `report.write.text.costs` puts them in words.
"""


class Fit(StrEnum):
    """Whether the linear cost model describes the times of a backend."""

    GOOD = "good"
    POOR = "poor"
    TOO_FEW = "too few batch sizes"


@dataclass(frozen=True)
class Costs:
    """The costs of all cases, and what the user asked for.

    `rows` is the cost table of `cases`, and `mixed` is what `report.run.cases.mixed` says of them. `against` is the
    backend to pass. `batch_size` is the batch size at which the payback is shown; `None` stands for the largest.
    """

    rows: pd.DataFrame
    cases: pd.DataFrame
    mixed: dict[str, int]
    against: str
    batch_size: int | None


def cost_table(of: pd.DataFrame, against: str = CONTROL) -> pd.DataFrame:
    """Return the cost table of the cases, which come from `report.run.cases`: one row per case, ordered by `COST`."""
    groups = of.groupby([*GROUP, *CONDITIONS])
    return pd.DataFrame([row for _, group in groups for row in _group_costs(group, against)])


def passes(group: pd.DataFrame, backend: str, other: str) -> Crossover | None:
    """Return where a backend passes another; `None` if they share no batch size, or are the same backend.

    Against hand-derived NumPy, the ratio of a case is its ratio to the paired rounds. Other backends are separated at a
    batch size as `report.run.fastest` separates them.
    """
    if backend == other:
        return None
    timed = cases.timed(group).sort_values("batch_size")
    mine = timed[timed["backend"] == backend]
    points = list(_ratios(mine) if other == CONTROL else _margins(mine, timed[timed["backend"] == other]))
    return crossover(points) if points else None


def _ratios(mine: pd.DataFrame) -> Iterator[Point]:
    """Yield the ratio to NumPy at each batch size where there is one."""
    ratios = mine[[f"ratio{end}" for end in cases.ENDS]].to_numpy(dtype=float)
    for size, ends in zip(mine["batch_size"], ratios, strict=True):
        ratio = Interval(*ends)
        if ratio.center > 0:
            yield int(size), ratio


def _margins(mine: pd.DataFrame, others: pd.DataFrame) -> Iterator[Point]:
    """Yield how many times as long a backend takes as the other, at each batch size that both have."""
    for size in sorted(set(mine["batch_size"]) & set(others["batch_size"])):
        case, other = (rows[rows["batch_size"] == size] for rows in (mine, others))
        yield int(size), Interval(*(float(end[0]) for end in margin(other, case)))


def _group_costs(group: pd.DataFrame, against: str) -> Iterator[dict[str, object]]:
    for backend, mine in group.groupby("backend"):
        shared = _fit(cases.timed(mine)) | _crossover(passes(group, str(backend), against), against)
        for _, case in mine.sort_values("batch_size").iterrows():
            kept = {name: case[name] for name in (*COST, "launches", *MEDIANS, "status", "failed", "reason")}
            yield kept | _measured(case) | shared | _payback(case)


def _measured(case: pd.Series) -> dict[str, object]:
    seconds, ratio = (Interval(*(case[f"{name}{end}"] for end in cases.ENDS)) for name in ("seconds", "ratio"))
    per_step = Interval(*(value / case["counted_steps"] for value in seconds))
    return _ends("seconds_per_step", per_step) | _ends("ratio", ratio)


def _fit(timed: pd.DataFrame) -> dict[str, object]:
    seconds = [timed[f"seconds{end}"] / timed["counted_steps"] for end in cases.ENDS]
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
