"""The outcome of a comparison: one row a case, what is to be known about all of them, and the exit code.

Who compares fills it in (`report.changes` from launches; a duel from its process pairs), and `report.compare_text` and
`report.compare_data` write it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from report.statistics.verdict import Verdict
from report.table.keys import CASE

COLUMNS = {
    "measure": "what the ratio is of: `ratio_to_numpy` or `seconds_median`; in a duel, `paired rounds`",
    "base_seconds": "median over the replicates of base, seconds a call; empty: it has no time",
    "head_seconds": "the same of head",
    "base_replicates": "how many launches (in a duel: process pairs) base has a time of",
    "head_replicates": "the same of head",
    "ratio": "head over base, the geometric mean of the replicates; above 1, head is slower",
    "low": "lower end of the ratio's interval, at the confidence of all cases together; empty: too few replicates",
    "high": "upper end of the same",
    "verdict": ", ".join(Verdict),
    "reason": "why a side has no time, or why nothing can be concluded",
}
"""The columns of `Comparison.rows`, after those that name the case."""

WORST_FIRST = (
    Verdict.REGRESSED,
    Verdict.FAILED,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.IMPROVED,
    Verdict.UNCHANGED,
    Verdict.NEW,
    Verdict.UNTIMED,
)


@dataclass(frozen=True)
class Comparison:
    """What came of comparing head with base. `rows`: a row a case, worst first; `key` names a case; then `COLUMNS`."""

    rows: pd.DataFrame
    base: str
    head: str
    threshold: float
    confidence: float
    notes: list[str] = field(default_factory=list)
    key: tuple[str, ...] = CASE
    allow_missing: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many cases have each verdict, worst first; a verdict that none has is left out."""
        found = self.rows["verdict"].value_counts()
        return {str(verdict): int(found[verdict]) for verdict in WORST_FIRST if verdict in found}

    @property
    def exit_code(self) -> int:
        """1 where a case regressed, failed or (unless that is allowed) is missing; else 0. Doubt does not fail."""
        bad = {Verdict.REGRESSED, Verdict.FAILED} | (set() if self.allow_missing else {Verdict.MISSING})
        return int(any(verdict in self.counts for verdict in bad))

    @property
    def means(self) -> pd.DataFrame:
        """The geometric means of the ratios, `cases` and `ratio` by `group`: each backend's, and `all` last.

        Only cases with a time on both sides are in them.
        """
        both = self.rows.loc[self.rows["ratio"].notna()]
        logs = pd.Series(np.log(both["ratio"].to_numpy(float)), index=both.index)
        groups = [both["backend"].astype(str)] if "backend" in self.key else []
        groups.append(pd.Series("all", index=both.index))
        tables = [logs.groupby(group.rename("group")).agg(["size", "mean"]) for group in groups]
        table = pd.concat(tables).reset_index().rename(columns={"size": "cases"})
        return table.assign(ratio=np.exp(table.pop("mean")))


def worst_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the order of reading: by verdict, and within one the slower head first."""
    rank = rows["verdict"].map({verdict: rank for rank, verdict in enumerate(WORST_FIRST)})
    order = np.lexsort((-rows["ratio"].astype(float).fillna(0.0), rank))
    return rows.iloc[order].reset_index(drop=True)
