"""What a search found: the release or the commit that made a case slower, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from report.compare.comparison import Comparison
from report.statistics.intervals import Interval
from report.statistics.verdict import Verdict
from report.table.keys import CASE


@dataclass(frozen=True)
class Step:
    """A candidate that was judged: its ratio to the good end, from so many process pairs, and what that says."""

    name: str
    description: str
    ratio: Interval
    pairs: int
    answer: str


@dataclass(frozen=True)
class Culprit:
    """The outcome of a search through the releases or commits of `what`.

    `ends` is the duel of the two ends. If no case regressed in it, there is no `case`, and all else is empty. `case`
    led the search, which judged the `steps`. `first_bad` is the culprit, if nothing is `between` it and `last_good`:
    the candidates there, with why they could not be judged. `unusable` are others that could not be. `duel` is of
    `last_good` against `first_bad`.
    """

    what: str
    ends: Comparison
    case: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    last_good: str = ""
    first_bad: str = ""
    between: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    duel: Comparison | None = None

    @property
    def is_found(self) -> bool:
        """Whether one candidate is the culprit, and its own duel confirms it."""
        return self.is_confirmed and not self.between

    @property
    def is_confirmed(self) -> bool:
        """Whether the case regressed between the last good candidate and the first bad one, by their own duel."""
        row = self.of_case(self.duel)
        return row is not None and row["verdict"] == Verdict.REGRESSED

    @property
    def is_partial(self) -> bool:
        """Whether the culprit explains only a part of what happened between the ends: another step adds to it."""
        one, whole = self.of_case(self.duel), self.of_case(self.ends)
        return one is not None and whole is not None and bool(one["high"] < whole["low"])

    def of_case(self, duel: Comparison | None) -> pd.Series | None:
        """Return the row of the case in a duel; `None` without one."""
        if duel is None or not self.case:
            return None
        rows = duel.rows
        same = rows[[all(row[name] == self.case[name] for name in CASE) for _, row in rows.iterrows()]]
        return None if same.empty else same.iloc[0]
