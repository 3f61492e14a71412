"""The verdict of each case and its reason: judged where both sides have times, and what it means where one has none.

- `missing`: base has a time, head has no row.
- `failed`: base has a time, and head's rows have none; or head broke in a way that base did not, in any launch.
- `new`: head alone has a time.
- `untimed`: neither has one, and head is not broken in a new way. Nothing was lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from report.compare import changes
from report.compare.sides import Sides
from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.verdict import MIN_LAUNCHES, Verdict
from report.table.keys import BROKEN

MORE = "python -m bench run --launches 5"


def judged(sides: Sides, cases: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the measured cases with the columns `verdict` and `reason`."""
    ends = zip(cases["ratio"], cases["low"], cases["high"], strict=True)
    verdicts = pd.Series([verdict.judge(Interval(*each), threshold) for each in ends], index=cases.index, dtype=object)
    reasons = _doubts(cases)
    for name, found in _exceptions(sides, cases).items():
        verdicts[found.index], reasons[found.index] = name, found
    return cases.assign(verdict=verdicts, reason=reasons)


def _doubts(cases: pd.DataFrame) -> pd.Series:
    """Return why nothing can be concluded of a case, where that is so; else an empty text."""
    few = np.minimum(cases["base_replicates"], cases["head_replicates"]) < MIN_LAUNCHES
    counts = cases["base_replicates"].astype(str) + " in base and " + cases["head_replicates"].astype(str) + " in head"
    reasons = pd.Series("", index=cases.index, dtype=object)
    reasons[few] = "too few launches, " + counts[few] + f": it takes {MIN_LAUNCHES} a side. Measure more: {MORE}"
    reasons[cases["measure"] == ""] = "no ratio to NumPy in every launch"
    return reasons


def _exceptions(sides: Sides, cases: pd.DataFrame) -> dict[Verdict, pd.Series]:
    """Return the reasons of the cases that are not judged by their times, by verdict; the index is the case."""
    codes, _ = changes.number(sides)
    base, head = (cases[f"{side}_replicates"] > 0 for side in ("base", "head"))
    rows = [np.bincount(codes[side], minlength=len(cases)) for side in (~sides.head, sides.head)]
    why_base, why_head, why_broken = _reasons(sides, codes, rows)
    failed = (rows[0] > 0) & ((base & (rows[1] > 0) & ~head) | cases.index.isin(why_broken.index))
    missing, new, untimed = base & (rows[1] == 0), head & ~base & ~failed, ~base & ~head & ~failed
    untold = pd.Series("", index=cases.index)
    return {
        Verdict.FAILED: why_broken.combine_first(why_head)[cases.index[failed]],
        Verdict.MISSING: _absence(sides, cases[missing]),
        Verdict.NEW: ("in base " + why_base).combine_first(untold)[cases.index[new]],
        Verdict.UNTIMED: why_head.combine_first(why_base)[cases.index[untimed]],
    }


def _reasons(sides: Sides, codes: changes.Codes, rows: list[changes.Codes]) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return why cases have launches without a time: in base; in head; and in head alone, broken."""
    found = sides.rows[["status", "reason"]].astype(object).assign(case=codes, head=sides.head)
    found = found[found["status"] != "ok"]
    shared = pd.MultiIndex.from_frame(found.loc[~found["head"], ["case", "status"]])
    ours = found[found["head"]]
    broke = ours["status"].isin(BROKEN) & ~pd.MultiIndex.from_frame(ours[["case", "status"]]).isin(shared)
    base, head = rows
    return told(found[~found["head"]], base), told(ours, head), told(ours[broke.to_numpy()], head)


def told(found: pd.DataFrame, launches: changes.Codes) -> pd.Series:
    """Return for each case its first status and reason, and in how many of its launches, where not in all of them."""
    count = found.groupby("case").size()
    first = found.drop_duplicates("case").set_index("case")
    every = pd.Series(launches)[count.index]
    share = " in " + count.astype(str) + " of " + every.astype(str) + " launches"
    return first["status"] + share.where(count < every, "") + ": " + first["reason"]


def _absence(sides: Sides, missing: pd.DataFrame) -> pd.Series:
    """Return why head has no row, where its rows say that the backend's whole framework is not there."""
    head = sides.rows[sides.head & (sides.rows["status"] == "unavailable").to_numpy()]
    reasons = dict(zip(head["backend"], head["reason"], strict=True))
    if "backend" not in missing:
        return pd.Series("", index=missing.index)
    frameworks = (name.partition("-")[0] for name in missing["backend"])
    told = [f"{name} is unavailable: {reasons[name]}" if name in reasons else "" for name in frameworks]
    return pd.Series(told, index=missing.index, dtype=object)
