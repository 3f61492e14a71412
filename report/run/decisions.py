"""The decision table: the fastest backend at each batch size of each group of cases, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from report.run import cases
from report.run.fastest import Fastest, fastest
from report.table.keys import CONDITIONS, GROUP

DECISION = (*GROUP, *CONDITIONS, "batch_size")
"""The columns that identify a decision."""


class Outcome(StrEnum):
    """What a decision says of the fastest backend."""

    FASTEST = "fastest"  # it is separated from all others
    NOT_SEPARATED = "not separated"  # another backend may be as fast
    ALONE = "alone"  # no other backend has a time
    NO_TIME = "no time"  # no backend has a time


DECISION_COLUMNS = {
    "verdict": "`fastest`; `not separated`; `alone`: no other backend has a time; `no time`",
    "fastest": "the backend of the lowest time, whatever the verdict; empty if no backend has a time",
    "seconds": "its time, seconds per call",
    "seconds_per_step": "its time, seconds per step",
    "ratio": "its ratio to NumPy; empty if it has none",
    "not_separated": "the other backends that may be as fast, the lowest time first, separated by `; `",
    "runner_up": "the backend of the second lowest time",
    "margin": "how many times as long the runner-up takes",
    "margin_low": "lower end of the margin's 95 % interval, which covers that of the times and of the ratios to NumPy",
    "margin_high": "upper end of the margin's interval",
    "launches": "how many launches the fastest backend was measured in",
    "reason": "why no backend has a time",
}
"""The columns of a decision in a file, after `DECISION`.

In memory, `not_separated` holds a tuple, and there is no `reason`: the cases have theirs.
"""


@dataclass(frozen=True)
class Decisions:
    """The decision table, with one row per decision.

    `cases` are the cases that it is made from, and `mixed` is what `report.run.cases.mixed` says of them.
    """

    rows: pd.DataFrame
    cases: pd.DataFrame
    mixed: dict[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """In how many rows each backend is the fastest, and how many have another outcome, the largest first."""
        won = self.rows["fastest"].where(self.rows["verdict"] == Outcome.FASTEST, self.rows["verdict"])
        counted = won.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        return {str(what): int(count) for what, count in counted.items()}


def decide(frame: pd.DataFrame) -> Decisions:
    """Return the decision table for the rows of one or more runs."""
    every = cases.from_rows(frame)
    rows = [dict(zip(DECISION, keys, strict=True)) | _decision(group) for keys, group in every.groupby([*DECISION])]
    columns = [*DECISION, *(name for name in DECISION_COLUMNS if name != "reason")]
    return Decisions(pd.DataFrame(rows, columns=columns), every, cases.mixed(frame))


def _decision(group: pd.DataFrame) -> dict[str, object]:
    """Return the columns of the decision between cases that differ in the backend alone."""
    found = fastest(group)
    if found is None:
        nobody: dict[str, object] = {"fastest": "", "not_separated": (), "runner_up": "", "verdict": Outcome.NO_TIME}
        return dict.fromkeys(DECISION_COLUMNS, np.nan) | nobody
    winner = group[group["backend"] == found.backend].iloc[0]
    return {
        "verdict": _outcome(found),
        "fastest": found.backend,
        "not_separated": found.rivals,
        "runner_up": found.runner_up or "",
        "seconds": winner["seconds"],
        "seconds_per_step": winner["seconds"] / winner["counted_steps"],
        "ratio": winner["ratio"],
        "margin": found.margin.center,
        "margin_low": found.margin.low,
        "margin_high": found.margin.high,
        "launches": winner["launches"],
    }


def _outcome(found: Fastest) -> Outcome:
    if found.runner_up is None:
        return Outcome.ALONE
    return Outcome.FASTEST if found.separated else Outcome.NOT_SEPARATED
