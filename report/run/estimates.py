"""One row a case: its time and its ratio to NumPy, each with an interval, or why it has no time.

The unit of replication is the launch, where there are several: rounds of one process have its memory layout and its
minute in common. `MIN_LAUNCHES` launches or more: the geometric mean, and Student's t on logarithms. Two: the
geometric mean, and an interval from the lower end of both to the upper one. One: what the launch says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from report.compare import outcomes
from report.statistics import welch
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array, Codes
from report.table.keys import CASE, CONDITIONS

CONFIDENCE = 0.95

MEASURES = {
    "seconds": ("seconds_median", "seconds_ci_low", "seconds_ci_high"),
    "ratio": ("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"),
    "once": ("once_seconds", None, None),
}
"""What is estimated, and the columns of its value and of its interval within a launch, where there is one."""

MEDIANS = ("roofline_fraction", "gradient_over_value", "peak_bytes", "seconds_to_target")
"""What is told by its median over the launches alone."""

KEY = (*CASE, *CONDITIONS)
"""What names a case, and what two cases must share to be compared."""


def of_cases(frame: pd.DataFrame, key: Sequence[str] = KEY) -> pd.DataFrame:
    """Return a row a case, in the table's order: `key`, `launches`, the estimates, `MEDIANS`, `warnings`, `reason`.

    The estimates are `seconds` a call, `ratio`, and `once`, the seconds of compiling and the first call; `_low` and
    `_high` after them are the ends of their intervals at 95 %, NaN where there is none. A case of which any launch has
    no time has no estimate: its result cannot be relied on. `reason` says why, and is empty for the others.
    """
    codes = np.asarray(frame.groupby([*key], observed=True, sort=False).ngroup(), dtype=np.intp)
    cases = frame.loc[~pd.Series(codes, index=frame.index).duplicated(), [*key]].reset_index(drop=True)
    cases = cases.astype({name: str for name in key if cases[name].dtype == "category"})
    cases["launches"] = np.bincount(codes, minlength=len(cases))
    cases["reason"] = _reasons(frame, codes, cases["launches"].to_numpy())
    timed = (cases["reason"] == "").to_numpy()[codes]
    rows, of_row = frame[timed], codes[timed]
    rows = rows.assign(once_seconds=rows["compile_seconds"] + rows["first_call_seconds"])
    for name, columns in MEASURES.items():
        middle, low, high = (_column(rows, column) for column in columns)
        cases[name], cases[f"{name}_low"], cases[f"{name}_high"] = _interval(middle, low, high, of_row, len(cases))
    cases["warnings"] = _warnings(rows, of_row).reindex(cases.index, fill_value="")
    medians = rows[[*MEDIANS]].groupby(of_row).median().reindex(cases.index)
    return cases.join(medians)


def timed(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases that have a time."""
    return cases[cases["seconds"].notna()]


def replication(cases: pd.DataFrame) -> str:
    """Return in a sentence what the intervals of these cases are made of."""
    launches = timed(cases)["launches"]
    least, most = (int(launches.min()), int(launches.max())) if len(launches) else (1, 1)
    if most == 1:
        return "Intervals of 95 % hold within one launch; another launch differs by more (docs/methodology.md)."
    count = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    several = "by Student's t on their logarithms" * (most >= MIN_LAUNCHES)
    few = f"of fewer than {MIN_LAUNCHES}, as wide as their own together" * (least < MIN_LAUNCHES)
    return f"Intervals of 95 % are over launches, {count} a case: {'; '.join(filter(None, [several, few]))}."


def mixed(frame: pd.DataFrame) -> Iterator[str]:
    """Yield in what the launches of a case differ, though they are taken for replicates of one thing."""
    for column in ("commit", "python", "numpy_version", "framework_version"):
        values = frame[frame["status"] == "ok"].groupby([*KEY], observed=True)[column].nunique()
        several = int((values > 1).sum())
        if several:
            yield (
                f"{column} differs between the launches of {several:,} cases, which are taken for replicates all the "
                f"same; to tell them apart: python -m report compare --by {column}"
            )


def _reasons(frame: pd.DataFrame, codes: Codes, launches: Codes) -> pd.Series:
    """Return for each case why it has no time, an empty text where it has one."""
    found = frame[["status", "reason"]].astype(object).assign(case=codes)
    told = outcomes.told(found[found["status"] != "ok"], launches)
    return told.reindex(range(len(launches)), fill_value="").astype(object)


def _warnings(rows: pd.DataFrame, codes: Codes) -> pd.Series:
    """Return for each case what any of its launches doubts."""
    doubts = rows.loc[rows["warnings"] != "", "warnings"].astype(str).str.split("; ").explode()
    cases = pd.Series(codes, index=rows.index).loc[doubts.index]
    return doubts.groupby(cases.to_numpy()).agg(lambda texts: "; ".join(dict.fromkeys(texts)))


def _column(rows: pd.DataFrame, name: str | None) -> Array:
    return np.full(len(rows), np.nan) if name is None else rows[name].to_numpy(dtype=float)


def _interval(middle: Array, low: Array, high: Array, codes: Codes, cases: int) -> tuple[Array, Array, Array]:
    """Return the estimate of each case with the ends of its interval; NaN where there is none."""
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something is read)

    known = middle > 0
    values = welch.replicates(middle[known], codes[known], cases)
    count = values.count
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN where a case has one launch, or none
        half = stdtrit(count - 1, 0.5 + CONFIDENCE / 2) * np.sqrt(values.variance / count)
    several = count >= MIN_LAUNCHES
    ends = pd.DataFrame({"low": low, "high": high})[known].groupby(codes[known])
    lowest = ends["low"].min().reindex(range(cases)).to_numpy()
    highest = ends["high"].max().reindex(range(cases)).to_numpy()
    with np.errstate(over="ignore"):
        lows = np.where(several, np.exp(values.mean - half), lowest)
        highs = np.where(several, np.exp(values.mean + half), highest)
        centre = np.where(count == 1, np.bincount(codes[known], middle[known], cases), np.exp(values.mean))
    whole = (lows > 0) & (lows <= highs)  # an interval of one end is none
    return centre, np.where(whole, lows, np.nan), np.where(whole, highs, np.nan)
