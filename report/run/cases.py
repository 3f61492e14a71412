"""From the rows of a run to one row a case: its time and its ratio to NumPy with intervals, or why it has no time.

The unit of replication is the launch, where there are several: the rounds of one process share its memory layout and
its minute. With `MIN_LAUNCHES` launches or more, the estimate is the geometric mean, with Student's t on logarithms.
With two, it is the geometric mean, and the interval reaches from the lower end of both to the upper. With one, it is
what the launch says of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from report.statistics import welch
from report.statistics.intervals import CONFIDENCE
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array, Codes
from report.table import warnings
from report.table.keys import MEASURED_CASE
from report.table.schema import COLUMNS

MEASURES = {
    "seconds": ("seconds_median", "seconds_ci_low", "seconds_ci_high"),
    "ratio": ("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"),
    "once": ("once_seconds", None, None),
}
"""What is estimated, and the columns of its value and of its interval within a launch, where it has one."""

ENDS = ("", "_low", "_high")
ESTIMATES = tuple(f"{name}{end}" for name in MEASURES for end in ENDS)

FIGURES = [column.name for column in COLUMNS if column.kind in ("integer", "number") and not column.always]

NOISY = 0.05
"""A case is noisy where the half-width of an interval is more than this share of its estimate."""

REPLICATED = ("commit", "python", "numpy_version", "framework_version")
"""What the launches of a case should share to be replicates of one thing."""


def from_rows(frame: pd.DataFrame, key: Sequence[str] = MEASURED_CASE) -> pd.DataFrame:
    """Return one row a case, in the order of the frame. `key` names the columns that identify a case.

    It has the columns of the schema, and:

    - `launches`, and `failed`, how many of them have no time;
    - `seconds` a call, `ratio` to NumPy, and `once`, the seconds of compiling and the first call; with `_low` and
      `_high`, the ends of their intervals; NaN where there is none;
    - `step_low` and `step_high`, the ends of `seconds_per_step`.

    Columns of times and ratios hold these estimates, other figures their median over the launches, and `warnings` those
    of all launches. A case of which any launch has no time has no estimate, since its result cannot be relied on: its
    `status` and `reason` are those of the first such launch.
    """
    codes = np.asarray(frame.groupby([*key], observed=True, sort=False).ngroup(), dtype=np.intp)
    cases = frame[~pd.Series(codes, index=frame.index).duplicated()].reset_index(drop=True)
    cases = cases.astype({name: str for name in cases if cases[name].dtype == "category"})
    count = len(cases)
    cases["launches"] = np.bincount(codes, minlength=count)
    untimed = (frame["status"] != "ok").to_numpy()
    cases["failed"] = np.bincount(codes[untimed], minlength=count)
    for name in ("status", "reason"):
        first = frame.loc[untimed, name].astype(str).groupby(codes[untimed]).first()
        cases[name] = first.reindex(cases.index, fill_value="ok" if name == "status" else "")
    timed = (cases["failed"] == 0).to_numpy()
    if count < len(frame):
        medians = frame[FIGURES].groupby(codes).median()
        lost = [name for name in FIGURES if name != "relative_error"]
        cases[FIGURES] = medians
        cases.loc[~timed, lost] = np.nan
    rows, of_row = frame[timed[codes]], codes[timed[codes]]
    cases["warnings"] = _warnings(rows, of_row).reindex(cases.index, fill_value="")
    return _with_columns(cases.assign(**_estimates(rows, of_row, count)))


def timed(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases that have a time."""
    return cases[cases["seconds"].notna()]


def noisy(cases: pd.Series | pd.DataFrame) -> Any:
    """Return whether a case, or each of several, has a wide interval of time or of ratio. No interval is wide too."""
    halves = [(cases[f"{name}_high"] - cases[f"{name}_low"]) / 2 / cases[name] for name in ("seconds", "ratio")]
    return ~(np.maximum.reduce(halves) <= NOISY)


def mixed(frame: pd.DataFrame) -> dict[str, int]:
    """Return the columns of `REPLICATED` that differ between launches of a case, and in how many cases they do."""
    groups = frame[frame["status"] == "ok"].groupby([*MEASURED_CASE], observed=True)
    values = groups[[*REPLICATED]].nunique()
    differing = {column: int((values[column] > 1).sum()) for column in REPLICATED}
    return {column: cases for column, cases in differing.items() if cases}


def _warnings(rows: pd.DataFrame, codes: Codes) -> pd.Series:
    """Return for each case the warnings of all its launches, each once."""
    warned = (rows["warnings"] != "").to_numpy()
    texts = rows.loc[warned, "warnings"].astype(str)
    return texts.groupby(codes[warned]).agg(
        lambda some: warnings.join(w for text in some for w in warnings.split(text))
    )


def _estimates(rows: pd.DataFrame, codes: Codes, count: int) -> dict[str, Array]:
    """Return the columns `ESTIMATES` of `count` cases, from the rows of the cases that have a time."""
    rows = rows.assign(once_seconds=rows["compile_seconds"] + rows["first_call_seconds"])
    found: dict[str, Array] = {}
    for name, columns in MEASURES.items():
        center, low, high = (_column(rows, column) for column in columns)
        ends = _interval(center, low, high, codes, count)
        found |= dict(zip((f"{name}{end}" for end in ENDS), ends, strict=True))
    return found


def _column(rows: pd.DataFrame, name: str | None) -> Array:
    return np.full(len(rows), np.nan) if name is None else rows[name].to_numpy(dtype=float)


def _interval(center: Array, low: Array, high: Array, codes: Codes, count: int) -> tuple[Array, Array, Array]:
    """Return the estimate of each case with the ends of its interval; NaN where it has none."""
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something is read)

    known = center > 0
    values = welch.replicates(center[known], codes[known], count)
    launches = values.count
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN where a case has one launch, or none
        half = stdtrit(launches - 1, 0.5 + CONFIDENCE / 2) * np.sqrt(values.variance / launches)
    several = launches >= MIN_LAUNCHES
    ends = pd.DataFrame({"low": low, "high": high})[known].groupby(codes[known])
    lowest = ends["low"].min().reindex(range(count)).to_numpy()
    highest = ends["high"].max().reindex(range(count)).to_numpy()
    with np.errstate(over="ignore"):
        lows = np.where(several, np.exp(values.mean - half), lowest)
        highs = np.where(several, np.exp(values.mean + half), highest)
        centers = np.where(launches == 1, np.bincount(codes[known], center[known], count), np.exp(values.mean))
    whole = (lows > 0) & (lows <= highs)  # with one end alone there is no interval
    return centers, np.where(whole, lows, np.nan), np.where(whole, highs, np.nan)


def _with_columns(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases with the schema's columns of times and ratios set to the estimates."""
    for name in ("seconds", "ratio"):
        columns = (str(column) for column in MEASURES[name])
        cases = cases.assign(**{column: cases[f"{name}{end}"] for column, end in zip(columns, ENDS, strict=True)})
    per_step = {"seconds_per_step": "seconds", "step_low": "seconds_low", "step_high": "seconds_high"}
    return cases.assign(**{name: cases[of] / cases["steps"] for name, of in per_step.items()})
