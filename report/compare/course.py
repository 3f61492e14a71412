"""What every release costs against one base, and in which a case really changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from report.statistics.intervals import Interval
from report.table.keys import CASE

COLUMNS = {
    **dict.fromkeys(CASE, "as in a result CSV"),
    "pairs": "process pairs of the candidate and the base",
    "ratio": "candidate over base: above 1, the candidate is slower",
    "low": "lower end of the interval of this case and candidate alone",
    "high": "upper end of that interval",
    "verdict": "of the candidate against the base; `regressed` and `improved` hold for all rows together",
    "before": "the candidate before this one, if the two seemed to differ and were measured again; else empty",
    "step_ratio": "candidate over the one before it, from fresh process pairs of the two",
    "step_low": "lower end of its interval, which holds for all steps together",
    "step_high": "upper end of that interval",
    "step": "`slower` or `faster`: a real step, see `Step`; else `not proven`; empty: the two did not seem to differ",
}
"""The columns of `Course.rows`, after `candidate`."""


class Step(StrEnum):
    """What fresh pairs say of a step from one candidate to the next."""

    SLOWER = "slower"
    FASTER = "faster"
    NOT_PROVEN = "not proven"

    @classmethod
    def of(cls, ratio: Interval, threshold: float) -> Step:
        """Return what the ratio of a candidate to the one before it says.

        A step is real if its whole interval is beyond half of the threshold: it may be smaller than the threshold
        itself. Not beyond 1 alone: the interval is that of one hour, and the same two environments differ by a percent
        or two from one hour to another (docs/find.md).
        """
        edge = 1.0 + 0.5 * threshold
        if ratio.low > edge:
            return cls.SLOWER
        return cls.FASTER if ratio.high < 1.0 / edge else cls.NOT_PROVEN


@dataclass(frozen=True)
class Course:
    """How the cost of each case went over the candidates: releases of `what`, or commits.

    `names` has every candidate in order, the base first, and what describes it. `rows` has a row for each candidate
    that was measured and each case. `unusable` has the others, and why.
    """

    what: str
    names: Mapping[str, str]
    rows: pd.DataFrame
    unusable: Mapping[str, str]
    threshold: float
    confidence: float

    @property
    def steps(self) -> pd.DataFrame:
        """The rows whose step is real, in order."""
        return self.rows[self.rows["step"].isin([Step.SLOWER, Step.FASTER])]
