"""The verdict of each case and its reason: by its times where both sides have them, else by what is missing.

- `missing`: base has a time, head has no row.
- `failed`: base has a time, and head's rows have none; or head broke in a way that base did not, in any launch.
- `new`: only head has a time.
- `untimed`: neither side has a time, and head is not broken in a new way. Nothing was lost.
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
from report.table.keys import BROKEN, framework


def judged(sides: Sides, cases: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the measured cases with the columns `verdict`, and `reason`: a `findings.Reason`."""
    ends = zip(cases["ratio"], cases["low"], cases["high"], strict=True)
    verdicts = pd.Series([verdict.judge(Interval(*end), threshold) for end in ends], index=cases.index, dtype=object)
    reasons = _unmeasured(cases)
    for name, found in _exceptions(sides, cases).items():
        verdicts[found.index], reasons[found.index] = name, found
    return cases.assign(verdict=verdicts, reason=reasons)


def _unmeasured(cases: pd.DataFrame) -> pd.Series:
    """Return why nothing can be concluded about a case, where that is so; else an empty text."""
    reasons = pd.Series("", index=cases.index, dtype=object)
    few = np.minimum(cases["base_replicates"], cases["head_replicates"]) < MIN_LAUNCHES
    counts = zip(cases.loc[few, "base_replicates"], cases.loc[few, "head_replicates"], strict=True)
    reasons.update(_series(cases.index[few], (TooFewLaunches(int(base), int(head)) for base, head in counts)))
    none = cases.index[cases["measure"] == ""]
    reasons.update(_series(none, repeat(NoRatio(), len(none))))
    return reasons


def _exceptions(sides: Sides, cases: pd.DataFrame) -> dict[Verdict, pd.Series]:
    """Return the reasons of the cases that are not judged by their times, by verdict; the index is the case."""
    codes, _ = changes.number(sides)
    base, head = (cases[f"{side}_replicates"] > 0 for side in ("base", "head"))
    rows = [np.bincount(codes[side], minlength=len(cases)) for side in (~sides.head, sides.head)]
    why_base, why_head, why_broken = _reasons(sides, codes, rows)
    failed = (rows[0] > 0) & ((base & (rows[1] > 0) & ~head) | cases.index.isin(why_broken.index))
    missing, new, untimed = base & (rows[1] == 0), head & ~base & ~failed, ~base & ~head & ~failed
    nothing = pd.Series("", index=cases.index, dtype=object)
    return {
        Verdict.FAILED: why_broken.combine_first(why_head)[cases.index[failed]],
        Verdict.MISSING: _absence(sides, cases[missing]),
        Verdict.NEW: why_base.combine_first(nothing)[cases.index[new]],
        Verdict.UNTIMED: why_head.combine_first(why_base)[cases.index[untimed]],
    }


def _reasons(sides: Sides, codes: changes.Codes, rows: list[changes.Codes]) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return why cases have launches without a time: in base; in head; and in head, where only head is broken so."""
    found = sides.rows[["status", "reason"]].astype(object).assign(case=codes, head=sides.head)
    found = found[found["status"] != "ok"]
    shared = pd.MultiIndex.from_frame(found.loc[~found["head"], ["case", "status"]])
    ours = found[found["head"]]
    broke = ours["status"].isin(BROKEN) & ~pd.MultiIndex.from_frame(ours[["case", "status"]]).isin(shared)
    base, head = rows
    return _first(found[~found["head"]], base, in_base=True), _first(ours, head), _first(ours[broke.to_numpy()], head)


def _first(found: pd.DataFrame, launches: changes.Codes, *, in_base: bool = False) -> pd.Series:
    """Return for each case the first status and reason of its launches without a time, and how many these are."""
    count = found.groupby("case").size()
    first = found.drop_duplicates("case").set_index("case")
    reasons = [
        NoTime(str(row.status), str(row.reason), int(count[case]), int(launches[case]), in_base=in_base)
        for case, row in zip(first.index, first.itertuples(index=False), strict=True)
    ]
    return _series(first.index, reasons)


def _series(index: pd.Index, reasons: Iterable[Reason]) -> pd.Series:
    return pd.Series(list(reasons), index=index, dtype=object)


def _absence(sides: Sides, missing: pd.DataFrame) -> pd.Series:
    """Return why head has no row, where its rows say that the backend's whole framework is unavailable."""
    head = sides.rows[sides.head & (sides.rows["status"] == "unavailable").to_numpy()]
    reasons = dict(zip(head["backend"].astype(str), head["reason"].astype(str), strict=True))
    if "backend" not in missing:
        return _series(missing.index, repeat("", len(missing)))
    names = map(framework, missing["backend"].astype(str))
    found = [NoFramework(name, reasons[name]) if name in reasons else "" for name in names]
    return _series(missing.index, found)
