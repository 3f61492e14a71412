"""The decision table: the fastest backend of each thing that can be raced, and by how much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from report.run import estimates
from report.run.fastest import Fastest, fastest
from report.table.keys import CONDITIONS, GROUP
from report.write import sections

KEY = (*GROUP, *CONDITIONS, "batch_size")
"""What names a decision."""

COLUMNS = {
    "verdict": "`fastest`; `not separated`; `alone`: no other backend has a time; `no time`",
    "fastest": "the backend of the lowest time, whatever the verdict; empty where none has one",
    "seconds": "its time, seconds a call",
    "seconds_per_step": "the same a step",
    "ratio": "its ratio to NumPy",
    "not_separated": "the other backends that may be as fast, by their times, separated by `; `",
    "runner_up": "the backend of the second lowest time",
    "margin": "how many times as long the runner-up takes",
    "margin_low": "lower end of its 95 % interval, which covers that of the times and that of the ratios to NumPy",
    "margin_high": "upper end of the same",
    "launches": "how many launches the fastest was measured in",
    "reason": "why nothing has a time",
}
"""The columns of a decision, after `KEY`."""


@dataclass(frozen=True)
class Decisions:
    """The decision table, a row a decision of `KEY` and `COLUMNS`, the cases that it is from, and doubts about them."""

    rows: pd.DataFrame
    cases: pd.DataFrame
    notes: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """In how many rows each backend is the fastest, most first, and how many have another verdict."""
        won = self.rows["fastest"].where(self.rows["verdict"] == "fastest", self.rows["verdict"])
        counted = won.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        return {str(what): int(count) for what, count in counted.items()}


def decide(frame: pd.DataFrame) -> Decisions:
    """Return the decision table of the rows of one or more runs."""
    cases = estimates.of_cases(frame)
    rows = [dict(zip(KEY, keys, strict=True)) | _decision(same) for keys, same in cases.groupby([*KEY])]
    return Decisions(pd.DataFrame(rows, columns=[*KEY, *COLUMNS]), cases, list(estimates.mixed(frame)))


def _decision(cases: pd.DataFrame) -> dict[str, object]:
    """Return the columns of one decision, from the cases that it is between, one a backend."""
    found = fastest(cases)
    if found is None:
        return dict.fromkeys(COLUMNS, np.nan) | _words("no time") | {"reason": "; ".join(sections.notes(cases, 1))}
    winner = cases[cases["backend"] == found.backend].iloc[0]
    return _words(_verdict(found), found.backend, found.rivals, found.runner_up) | {
        "seconds": winner["seconds"],
        "seconds_per_step": winner["seconds"] / winner["steps"],
        "ratio": winner["ratio"],
        "margin": found.margin.center,
        "margin_low": found.margin.low,
        "margin_high": found.margin.high,
        "launches": winner["launches"],
    }


def _words(
    verdict: str, backend: str = "", rivals: Iterable[str] = (), runner_up: str | None = None
) -> dict[str, object]:
    """Return the columns of a decision that are text."""
    names = {"fastest": backend, "not_separated": "; ".join(rivals), "runner_up": runner_up or ""}
    return {"verdict": verdict, **names, "reason": ""}


def _verdict(found: Fastest) -> str:
    if found.runner_up is None:
        return "alone"
    return "fastest" if found.separated else "not separated"
