"""The change of each case: the rows of two sides, merged into one row per case with its ratio and interval.

The launch is the unit of replication, since the rounds of one process share its memory layout and its minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from report.compare.sides import Rows, Sides
from report.statistics import verdict, welch
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array, Codes

MAX_LOG = 700.0
"""The largest logarithm whose exponential fits into a float64. Anything larger is not a measurement."""

RATIO, SECONDS = "ratio_to_numpy", "seconds_median"
"""The columns that may be compared."""


def number(sides: Sides) -> tuple[Codes, pd.DataFrame]:
    """Return the number of each row's case, and the cases by number: a frame with the columns of their key."""
    codes = np.asarray(sides.rows.groupby([*sides.key], observed=True, sort=False).ngroup(), dtype=np.intp)
    first = ~pd.Series(codes).duplicated().to_numpy()
    return codes, sides.rows.loc[first, [*sides.key]].reset_index(drop=True)


def measured(sides: Sides, measures: tuple[str, ...], confidence: float) -> pd.DataFrame:
    """Return one row per case, in the order of `number`: its key, and the columns `measure` to `high` of a comparison.

    `measures` are the columns that may be compared, the preferred column first. A case is compared by the first column
    that all of its launches have. If there is none, `measure` is empty and `ratio` is NaN. All intervals together hold
    at `confidence`. A case with fewer than `MIN_LAUNCHES` launches on a side has no interval.
    """
    codes, cases = number(sides)
    timed = (sides.rows["status"] == "ok").to_numpy()
    chosen = _choose(sides.rows, codes, timed, measures, len(cases))
    cases["measure"] = np.array([*measures, ""], dtype=object)[chosen]
    for side, mine in (("base", timed & ~sides.head), ("head", timed & sides.head)):
        cases[f"{side}_seconds"] = sides.rows.loc[mine, SECONDS].groupby(codes[mine]).median().reindex(cases.index)
        cases[f"{side}_replicates"] = np.bincount(codes[mine], minlength=len(cases))
    values = _values(sides.rows, chosen[codes], measures)
    base, head = (_replicates(values, codes, timed & side, len(cases)) for side in (~sides.head, sides.head))
    return cases.assign(**_interval(base, head, confidence))


def _choose(rows: pd.DataFrame, codes: Codes, timed: Rows, measures: tuple[str, ...], cases: int) -> Codes:
    """Return for each case the index of the first measure that all of its launches have; `len(measures)` if none."""
    chosen = np.full(cases, len(measures))
    for index in reversed(range(len(measures))):
        lacking = timed & rows[measures[index]].isna().to_numpy()
        chosen[np.bincount(codes[lacking], minlength=cases) == 0] = index
    return chosen


def _values(rows: pd.DataFrame, chosen: Codes, measures: tuple[str, ...]) -> Array:
    """Return the value of each row that is compared, from the column that was chosen for its case."""
    return np.choose(chosen, [*(rows[name].to_numpy() for name in measures), np.nan])


def _replicates(values: Array, codes: Codes, mine: Rows, cases: int) -> welch.Replicates:
    mine = mine & ~np.isnan(values)
    return welch.replicates(values[mine], codes[mine], cases)


def _interval(base: welch.Replicates, head: welch.Replicates, confidence: float) -> dict[str, Array]:
    """Return the columns `ratio`, `low` and `high`, corrected for the number of cases that have an interval."""
    enough = np.minimum(base.count, head.count) >= MIN_LAUNCHES
    shift, low, high = welch.change(base, head, verdict.corrected(confidence, int(enough.sum())))
    logs = {"ratio": shift, "low": np.where(enough, low, np.nan), "high": np.where(enough, high, np.nan)}
    return {name: np.exp(np.clip(values, -MAX_LOG, MAX_LOG)) for name, values in logs.items()}
