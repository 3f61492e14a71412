"""The verdict on each case and its reason: from its times if both sides have them, else from what is missing.

- `missing`: base has a time, and head has no row.
- `failed`: base has a time, and all of head's rows have none; or a launch of head broke in a way that base did not.
- `new`: only head has a time.
- `untimed`: neither side has a time, and head did not break in a new way. Nothing was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import numpy as np
import pandas as pd

from report.compare import changes
from report.compare.findings import NoFramework, NoRatio, NoTime, Reason, TooFewLaunches
from report.compare.sides import Sides
from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import MIN_LAUNCHES, Verdict
from report.statistics.welch import Codes
from report.table.keys import BROKEN, framework


def judged(sides: Sides, cases: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the cases of `changes.measured` with the columns `verdict` and `reason`, a `findings.Reason`."""
    ends = cases[["ratio", "low", "high", "all_low", "all_high"]].itertuples(index=False, name=None)
    judged = [
        verdict.judge(Interval(ratio, low, high), threshold, Interval(ratio, all_low, all_high))
        for ratio, low, high, all_low, all_high in ends
    ]
    verdicts = pd.Series(judged, index=cases.index, dtype=object)
    reasons = _why_inconclusive(cases)
    for name, found in _without_times(sides, cases).items():
        verdicts[found.index], reasons[found.index] = name, found
    return cases.assign(verdict=verdicts, reason=reasons)


def _why_inconclusive(cases: pd.DataFrame) -> pd.Series:
    """Return why a case has no interval; an empty text if it has one."""
    reasons = pd.Series("", index=cases.index, dtype=object)
    few = cases[np.minimum(cases["base_replicates"], cases["head_replicates"]) < MIN_LAUNCHES]
    counts = zip(few["base_replicates"], few["head_replicates"], strict=True)
    reasons.update(_series(few.index, (TooFewLaunches(int(base), int(head)) for base, head in counts)))
    unmeasured = cases.index[cases["measure"] == ""]
    reasons.update(_series(unmeasured, repeat(NoRatio(), len(unmeasured))))
    return reasons


def _without_times(sides: Sides, cases: pd.DataFrame) -> dict[Verdict, pd.Series]:
    """Return the cases that have no two times to compare: for each verdict the reasons, indexed by the case."""
    codes, _ = changes.number(sides)
    base_launches, head_launches = (
        np.bincount(codes[side], minlength=len(cases)) for side in (~sides.head, sides.head)
    )
    base_timed, head_timed = (cases[f"{side}_replicates"] > 0 for side in ("base", "head"))
    rows = _untimed_rows(sides, codes)
    in_base = _first(rows[~rows["head"]], base_launches, in_base=True)
    in_head = _first(rows[rows["head"]], head_launches)
    broke = _first(_newly_broken(rows), head_launches)
    lost = base_timed & ~head_timed & (head_launches > 0)
    failed = lost | (cases.index.isin(broke.index) & (base_launches > 0))
    missing = base_timed & (head_launches == 0)
    new = head_timed & ~base_timed & ~failed
    untimed = ~base_timed & ~head_timed & ~failed
    unknown = pd.Series("", index=cases.index, dtype=object)
    return {
        Verdict.FAILED: broke.combine_first(in_head)[cases.index[failed]],
        Verdict.MISSING: _why_missing(sides, cases[missing]),
        Verdict.NEW: in_base.combine_first(unknown)[cases.index[new]],
        Verdict.UNTIMED: in_head.combine_first(in_base)[cases.index[untimed]],
    }


def _untimed_rows(sides: Sides, codes: Codes) -> pd.DataFrame:
    """Return the rows without a time: `status`, `reason`, the number of their `case`, and whether they are `head`'s."""
    rows = sides.rows[["status", "reason"]].astype(object).assign(case=codes, head=sides.head)
    return rows[rows["status"] != "ok"]


def _newly_broken(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of head that broke with a status that no row of base has in the same case."""
    key = ["case", "status"]
    in_base = pd.MultiIndex.from_frame(rows.loc[~rows["head"], key])
    broken = rows[rows["head"] & rows["status"].isin(BROKEN)]
    return broken[~pd.MultiIndex.from_frame(broken[key]).isin(in_base)]


def _first(rows: pd.DataFrame, launches: Codes, *, in_base: bool = False) -> pd.Series:
    """Return for each case the first of its rows without a time, with the number of these rows and of all launches."""
    failed = rows.groupby("case").size()
    first = rows.drop_duplicates("case").set_index("case")
    reasons = [
        NoTime(str(row.status), str(row.reason), int(failed[case]), int(launches[case]), in_base=in_base)
        for case, row in zip(first.index, first.itertuples(index=False), strict=True)
    ]
    return _series(first.index, reasons)


def _why_missing(sides: Sides, missing: pd.DataFrame) -> pd.Series:
    """Return why head has no row of a case: its framework is unavailable there. Else the reason is an empty text."""
    if "backend" not in missing:
        return _series(missing.index, repeat("", len(missing)))
    unavailable = sides.rows[sides.head & (sides.rows["status"] == "unavailable").to_numpy()]
    reasons = dict(zip(unavailable["backend"].astype(str), unavailable["reason"].astype(str), strict=True))
    names = map(framework, missing["backend"].astype(str))
    return _series(missing.index, [NoFramework(name, reasons[name]) if name in reasons else "" for name in names])


def _series(index: pd.Index, reasons: Iterable[Reason]) -> pd.Series:
    return pd.Series(list(reasons), index=index, dtype=object)
