"""The cases of a run: the rows of all launches, merged into one row per case.

A case has a time and, if its rounds were paired with NumPy's, a ratio to NumPy, each with an interval; or the reason
why it has no time. The rounds of one
process share its memory layout and its minute. So if a case has several launches, the launch is the unit of
replication:

- Three launches (`MIN_LAUNCHES`) or more: the estimate is the geometric mean of the launches. The interval is that of
  Student's t on their logarithms.
- Two launches: the estimate is the geometric mean. The interval reaches from the lowest end to the highest.
- One launch: the estimate is that of the launch.

One or two launches cannot show what launches differ by. So each of their intervals is widened by it
(`report.run.launch_noise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from report.run import launch_noise
from report.statistics import welch
from report.statistics.intervals import CONFIDENCE
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array, Codes
from report.table import warnings
from report.table.keys import LBFGS, MEASURED_CASE, VERSIONS
from report.table.schema import VERSION, columns

MEASURES = {
    "seconds": ("seconds_median", "seconds_ci_low", "seconds_ci_high"),
    "ratio": ("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"),
    "once": ("once_seconds", None, None),
    "target": ("seconds_to_target", "target_ci_low", "target_ci_high"),
}
"""What is estimated, and from which columns: the value of a launch, and the ends of its interval if there is one."""

ENDS = ("", "_low", "_high")
"""The endings of three names: an estimate, and the lower and the upper end of its interval."""

ESTIMATES = tuple(f"{name}{end}" for name in MEASURES for end in ENDS)

FIGURES = [column.name for column in columns(VERSION) if column.is_number and not column.always]

NORMAL = 1.96
"""Standard deviations to either end of a 95 % interval."""

NOISY = 0.05
"""A case is noisy if the half-width of an interval is more than this share of its estimate, before it is widened."""


def from_rows(frame: pd.DataFrame, key: Sequence[str] = MEASURED_CASE) -> pd.DataFrame:
    """Return one row per case, in the order of the frame. `key` has the columns that identify a case.

    The columns are those of the schema, and:

    - `launches`, the number of launches, and `failed`, how many of them have no time;
    - `seconds` per call, `ratio` to NumPy, and `once`, the seconds of start-up, compiling and the first call. The ends
      of their intervals are in columns with `_low` and `_high`, which are NaN if there is no interval. Rows of older
      schemas have no start-up, and it does not count there;
    - `target`, the seconds to the target, with the ends of its interval in the same way;
    - `counted_steps`, by which its time is divided: `steps`, and 1 for `lbfgs`;
    - `step_low` and `step_high`, the ends of the interval of `seconds_per_step`;
    - `half`, the half-width of the wider interval, that of the time or that of the ratio, as a share of its estimate,
      before it was widened; NaN without an interval;
    - `launch_known`, whether what launches differ by is known of its machine.

    The schema's columns of times and ratios hold these estimates. Other figures are medians over the launches, and
    `warnings` has the warnings of all launches.

    If any launch of a case has no time, the case has none either, since its result cannot be relied on. Its `status`
    and `reason` are those of the first such launch.
    """
    codes = np.asarray(frame.groupby([*key], observed=True, sort=False).ngroup(), dtype=np.intp)
    cases = frame[~pd.Series(codes, index=frame.index).duplicated()].reset_index(drop=True)
    cases = cases.astype({name: str for name in cases if cases[name].dtype == "category"})
    cases = cases.assign(**_launches(frame, codes, len(cases)))
    with_time = (cases["failed"] == 0).to_numpy()
    if len(cases) < len(frame):
        cases = _with_medians(cases, frame, codes, with_time)
    rows, of_row = frame[with_time[codes]], codes[with_time[codes]]
    cases["warnings"] = _warnings(rows, of_row).reindex(cases.index, fill_value="")
    return _with_columns(cases.assign(**_estimates(rows, of_row, len(cases))))


def timed(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases that have a time."""
    return cases[cases["seconds"].notna()]


def noisy(cases: pd.Series | pd.DataFrame) -> Any:
    """Return whether a case is noisy; for a frame, which of its cases are. A case without an interval is noisy too."""
    return np.logical_not(cases["half"] <= NOISY)


def mixed(frame: pd.DataFrame) -> dict[str, int]:
    """Return the columns of `VERSIONS` that differ between launches of a case, and in how many cases they differ."""
    groups = frame[frame["status"] == "ok"].groupby([*MEASURED_CASE], observed=True)
    values = groups[[*VERSIONS]].nunique()
    differing = {column: int((values[column] > 1).sum()) for column in VERSIONS}
    return {column: cases for column, cases in differing.items() if cases}


def _launches(frame: pd.DataFrame, codes: Codes, count: int) -> dict[str, Any]:
    """Return the columns `launches`, `failed`, `status` and `reason` of `count` cases."""
    untimed = (frame["status"] != "ok").to_numpy()
    columns: dict[str, Any] = {
        "launches": np.bincount(codes, minlength=count),
        "failed": np.bincount(codes[untimed], minlength=count),
    }
    for name, otherwise in (("status", "ok"), ("reason", "")):
        first = frame.loc[untimed, name].astype(str).groupby(codes[untimed]).first()
        columns[name] = first.reindex(range(count), fill_value=otherwise)
    return columns


def _with_medians(cases: pd.DataFrame, frame: pd.DataFrame, codes: Codes, with_time: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the cases with the medians of their figures. A case without a time keeps only its relative error."""
    cases[FIGURES] = frame[FIGURES].groupby(codes).median()
    cases.loc[~with_time, [name for name in FIGURES if name != "relative_error"]] = np.nan
    return cases


def _warnings(rows: pd.DataFrame, codes: Codes) -> pd.Series:
    """Return for each case the warnings of all its launches, without repetition."""
    warned = (rows["warnings"] != "").to_numpy()
    texts = rows.loc[warned, "warnings"].astype(str)
    return texts.groupby(codes[warned]).agg(_merged)


def _merged(texts: pd.Series) -> str:
    return warnings.join(warning for text in texts for warning in warnings.split(text))


def _estimates(rows: pd.DataFrame, codes: Codes, count: int) -> dict[str, Any]:
    """Return the columns `ESTIMATES`, `half` and `launch_known` of `count` cases, from the rows that have a time."""
    rows = rows.assign(once_seconds=_once(rows))
    deviations = launch_noise.of(rows)
    estimates: dict[str, Any] = {}
    halves: dict[str, Array] = {}
    for name, of_measure in MEASURES.items():
        center, low, high = (_column(rows, column) for column in of_measure)
        middle, bottom, top = _interval(center, low, high, codes, count)
        halves[name] = (top - bottom) / 2.0 / middle
        if name != "once":
            low, high = _widened(center, low, high, deviations.ratio if name == "ratio" else deviations.seconds)
        ends = _interval(center, low, high, codes, count)
        estimates |= dict(zip((f"{name}{end}" for end in ENDS), ends, strict=True))
    no_ratio = np.isnan(estimates["ratio"])
    estimates["half"] = np.where(no_ratio, halves["seconds"], np.maximum(halves["seconds"], halves["ratio"]))
    known = np.bincount(codes[deviations.known], minlength=count) > 0
    return estimates | {"launch_known": known}


def _widened(center: Array, low: Array, high: Array, deviation: Array) -> tuple[Array, Array]:
    """Return the ends of the intervals of single launches, with what launches differ by."""
    with np.errstate(all="ignore"):
        down, up = np.log(center / low), np.log(high / center)
        return center * np.exp(-np.hypot(down, NORMAL * deviation)), center * np.exp(np.hypot(up, NORMAL * deviation))


def _once(rows: pd.DataFrame) -> pd.Series:
    """Return the seconds that a process pays before its second call. A start-up that is not known counts 0."""
    return rows["startup_seconds"].fillna(0.0) + rows["compile_seconds"] + rows["first_call_seconds"]


def _column(rows: pd.DataFrame, name: str | None) -> Array:
    return np.full(len(rows), np.nan) if name is None else rows[name].to_numpy(dtype=float)


def _interval(center: Array, low: Array, high: Array, codes: Codes, count: int) -> tuple[Array, Array, Array]:
    """Return the estimate of each case with the ends of its interval; NaN for what it does not have."""
    known = center > 0
    values = welch.replicates(center[known], codes[known], count)
    several = values.count >= MIN_LAUNCHES
    half = _half_width(values)
    ends = pd.DataFrame({"low": low, "high": high})[known].groupby(codes[known])
    lowest = ends["low"].min().reindex(range(count)).to_numpy()
    highest = ends["high"].max().reindex(range(count)).to_numpy()
    with np.errstate(over="ignore"):
        lows = np.where(several, np.exp(values.mean - half), lowest)
        highs = np.where(several, np.exp(values.mean + half), highest)
        centers = np.where(values.count == 1, np.bincount(codes[known], center[known], count), np.exp(values.mean))
    whole = (lows > 0) & (lows <= highs)  # a single end is no interval
    return centers, np.where(whole, lows, np.nan), np.where(whole, highs, np.nan)


def _half_width(values: welch.Replicates) -> Array:
    """Return half the width of each case's interval on logarithms, by Student's t; NaN with fewer than two launches."""
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something is read)

    with np.errstate(invalid="ignore", divide="ignore"):
        half = stdtrit(values.count - 1, 0.5 + CONFIDENCE / 2) * np.sqrt(values.variance / values.count)
    return np.asarray(half, dtype=float)


def _with_columns(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases with the schema's columns of times and ratios set to the estimates."""
    for name in ("seconds", "ratio", "target"):
        columns = (str(column) for column in MEASURES[name])
        cases = cases.assign(**{column: cases[f"{name}{end}"] for column, end in zip(columns, ENDS, strict=True)})
    per_step = {"seconds_per_step": "seconds", "step_low": "seconds_low", "step_high": "seconds_high"}
    counted = np.where(cases["optimizer"] == LBFGS, 1, cases["steps"])
    return cases.assign(counted_steps=counted, **{name: cases[of] / counted for name, of in per_step.items()})
