"""The change of each case: the rows of two sides, merged into one row per case with its ratio and intervals.

The unit of replication is the launch, since the rounds of one process share its memory layout and its minute. Where
either side has several runs, it is the run, since the launches of a run share the state of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pandas as pd

from report.compare.sides import Rows, Sides
from report.statistics import control_variate, max_t, verdict, yuen
from report.statistics.intervals import CONFIDENCE
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array, Codes, Difference

MAX_LOG = 700.0
"""The largest logarithm whose exponential fits into a float64. Anything larger is not a measurement."""

RATIO, SECONDS = "ratio_to_numpy", "seconds_median"
"""The columns that are compared."""


class Measure(Enum):
    """What is compared: seconds, the ratio to NumPy, or seconds with NumPy as their control variate."""

    SECONDS = auto()
    RATIO = auto()
    WEIGHTED = auto()


@dataclass(frozen=True)
class Units:
    """The units of replication: `codes` has the number of each row's unit; `are_runs`, or else they are launches."""

    codes: Codes
    are_runs: bool


def number(sides: Sides) -> tuple[Codes, pd.DataFrame]:
    """Return the number of each row's case, and the cases by number: a frame with the columns of their key."""
    codes = np.asarray(sides.rows.groupby([*sides.key], observed=True, sort=False).ngroup(), dtype=np.intp)
    first = ~pd.Series(codes).duplicated().to_numpy()
    return codes, sides.rows.loc[first, [*sides.key]].reset_index(drop=True)


def units(sides: Sides) -> Units:
    """Return the units of replication: runs if each side has `MIN_LAUNCHES` of them, else launches."""
    runs = sides.rows[["run"]].assign(head=sides.head).drop_duplicates()["head"]
    are_runs = min(int(runs.sum()), int((~runs).sum())) >= MIN_LAUNCHES
    columns = ["run"] if are_runs else ["run", "launch"]
    return Units(np.asarray(sides.rows.groupby(columns, observed=True).ngroup(), dtype=np.intp), are_runs)


def measured(sides: Sides, measure: Measure, confidence: float | None = None) -> pd.DataFrame:
    """Return one row per case, in the order of `number`: its key, and the columns of a comparison up to `all_high`.

    Without a confidence, no intervals are computed for all cases together; they are then those of one case.
    A case that lacks what is compared in any launch has an empty `measure`, and a `ratio` of NaN. The intervals of all
    cases together hold at `confidence`. A case with fewer than `MIN_LAUNCHES` units on a side has no interval.
    """
    codes, cases = number(sides)
    timed = (sides.rows["status"] == "ok").to_numpy()
    values, weight = _values(sides, codes, timed, measure, len(cases))
    cases["measure"] = SECONDS
    if measure is Measure.RATIO:
        cases["measure"] = np.where(np.isnan(weight), "", RATIO)
    cases["numpy_weight"] = weight
    for side, mine in (("base", timed & ~sides.head), ("head", timed & sides.head)):
        cases[f"{side}_seconds"] = sides.rows.loc[mine, SECONDS].groupby(codes[mine]).median().reindex(cases.index)
    unit = units(sides).codes
    base, head = (_means(values, unit, codes, timed & side, len(cases)) for side in (~sides.head, sides.head))
    for side, mine, of_side in (("base", timed & ~sides.head, base), ("head", timed & sides.head, head)):
        launches = np.bincount(codes[mine], minlength=len(cases))
        known = np.sum(~np.isnan(of_side), axis=0)
        cases[f"{side}_replicates"] = np.where(known > 0, known, launches)
    return cases.assign(**intervals(base, head, confidence))


def by_launch(sides: Sides) -> tuple[pd.DataFrame, Array]:
    """Return the cases, and the logarithm that is compared of each launch of both sides: a column for each case."""
    codes, cases = number(sides)
    timed = (sides.rows["status"] == "ok").to_numpy()
    values, _ = _values(sides, codes, timed, Measure.WEIGHTED, len(cases))
    launch = np.asarray(sides.rows.groupby(["run", "launch"], observed=True).ngroup(), dtype=np.intp)
    return cases, _means(values, launch, codes, timed, len(cases))


def intervals(base: Array, head: Array, confidence: float | None) -> dict[str, Array]:
    """Return the columns `ratio`, `low`, `high`, `all_low` and `all_high`.

    The rows of `base` and `head` are units, the columns are cases, and NaN is a unit without the case. The values are
    logarithms.
    """
    old, new = yuen.trimmed(base), yuen.trimmed(head)
    enough = np.minimum(old.count, new.count) >= MIN_LAUNCHES
    found = yuen.difference(old, new)
    alone = found.within(CONFIDENCE)
    together = alone if confidence is None else _together(found, base[:, enough], head[:, enough], confidence)
    ends = dict(zip(("low", "high", "all_low", "all_high"), (*alone, *together), strict=True))
    logs = {"ratio": found.shift} | {name: np.where(enough, end, np.nan) for name, end in ends.items()}
    return {name: np.exp(np.clip(values, -MAX_LOG, MAX_LOG)) for name, values in logs.items()}


def _together(found: Difference, base: Array, head: Array, confidence: float) -> tuple[Array, Array]:
    """Return the ends of the intervals of all cases together. `base` and `head` have the cases with enough units."""
    cases = base.shape[1]
    critical = max_t.critical(base, head, confidence) if cases else np.nan
    if np.isnan(critical):
        return found.within(verdict.corrected(confidence, cases))
    # It is never narrower than the interval of a single case would be.
    return found.around(np.maximum(critical, found.critical(confidence)))


def _values(sides: Sides, codes: Codes, timed: Rows, measure: Measure, cases: int) -> tuple[Array, Array]:
    """Return the logarithm that is compared of each row, and the weight of NumPy in each case.

    A row that lacks what is compared has NaN, and so has the weight of a case in which NumPy is not looked at.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        seconds, ratio = (np.log(sides.rows[name].to_numpy(float)) for name in (SECONDS, RATIO))
    lacking = np.bincount(codes[timed & np.isnan(ratio)], minlength=cases) > 0
    # On a GPU, a round of NumPy on the CPU says nothing of the device's state.
    on_gpu = np.bincount(codes[(sides.rows["device"] != "cpu").to_numpy()], minlength=cases) > 0
    if measure is Measure.RATIO:
        weight = np.where(lacking | on_gpu, np.nan, 1.0)
        return np.where(np.isnan(weight[codes]), np.nan, ratio), weight
    if measure is Measure.SECONDS:
        weight = np.full(cases, np.nan)
    else:
        weight = _weights(sides, seconds, seconds - ratio, codes, timed & ~(lacking | on_gpu)[codes])
    known = ~np.isnan(weight[codes])
    return np.where(known, seconds - weight[codes] * (seconds - ratio), seconds), weight


def _weights(sides: Sides, seconds: Array, reference: Array, codes: Codes, usable: Rows) -> Array:
    """Return the weight of NumPy in each case: the same for all of a batch size, and NaN without a usable row."""
    groups = np.asarray(sides.rows.groupby("batch_size").ngroup(), dtype=np.intp)
    count = int(groups.max(initial=-1)) + 1
    # Sides that differ by design, such as two backends, do not show what the machine did between them.
    apart = codes if sides.by is None else 2 * codes + sides.head
    _, compact = np.unique(apart[usable], return_inverse=True)
    of_group = control_variate.weights(seconds[usable], reference[usable], compact, groups[usable], count)
    weight = np.full(int(codes.max(initial=-1)) + 1, np.nan)
    weight[codes[usable]] = of_group[groups[usable]]
    return weight


def _means(values: Array, unit: Codes, codes: Codes, mine: Rows, cases: int) -> Array:
    """Return the mean of the values of each unit and case: a row for each unit among `mine`, a column for each case."""
    mine = mine & ~np.isnan(values)
    _, unit = np.unique(unit[mine], return_inverse=True)
    count = int(unit.max(initial=-1)) + 1
    cell = unit * cases + codes[mine]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.bincount(cell, values[mine], count * cases) / np.bincount(cell, minlength=count * cases)
    return np.asarray(means.reshape(count, cases), dtype=float)
