"""Time to target: which optimizer, in which backend, is the first to come near the minimum, at each batch size.

A contestant is an optimizer in a backend. What counts is the measured time of the shortest descent that reaches the
target. It has no ratio to NumPy, so times alone decide: two contestants are separated if the interval of the quotient
of their times to target does not hold 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from report.errors import ReportError
from report.run import cases
from report.run.fastest import quotients
from report.table.keys import CONDITIONS, GROUP

RACE = (*(name for name in GROUP if name != "optimizer"), *CONDITIONS)
"""What the contestants of one table share, at each batch size."""

TARGET = (*RACE, "batch_size", "optimizer")
"""The columns that identify a row of the table."""


class Outcome(StrEnum):
    """How an optimizer, in its best backend, does at a batch size."""

    FIRST = "first"  # it is separated from all other contestants
    NOT_SEPARATED = "not separated"  # from the contestant of the lowest time, or that one from another
    LATER = "later"
    ALONE = "alone"  # no other contestant reaches the target
    NEVER = "never"  # it reaches the target in no backend, or nobody measured when
    NO_TIME = "no time"  # no backend has a time


TARGET_COLUMNS = {
    "verdict": "`first`; `not separated` from the lowest time; `later`; `alone`: no other optimizer and backend gets "
    "there; `never`; `no time`",
    "backend": "the backend that brings this optimizer to the target first; empty if none does",
    "target_seconds": "its time to the target, seconds",
    "target_low": "lower end of the 95 % interval of that time",
    "target_high": "upper end of the same interval",
    "target_steps": "how many steps that are",
    "rate": "the learning rate; empty for `lbfgs`, which searches along a line",
    "ties": "the other backends, by this optimizer, that are not separated from that backend, separated by `; `",
    "over_first": "its time to the target over the lowest of all optimizers and backends",
    "over_first_low": "lower end of that quotient's 95 % interval",
    "over_first_high": "upper end of the same interval",
    "lacking": "the backends that have a time by this optimizer and do not reach the target, separated by `; `",
}
"""The columns of a row in a file, after `TARGET`. In memory, `ties` and `lacking` hold tuples."""


@dataclass(frozen=True)
class Targets:
    """The table of times to target, with one row for each optimizer at each batch size, the first to arrive first.

    `cases` are the descents that it is made from, and `mixed` is what `report.run.cases.mixed` says of them.
    """

    rows: pd.DataFrame
    cases: pd.DataFrame
    mixed: dict[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """At how many batch sizes each contestant is first, and at how many there is another outcome."""
        found: dict[str, int] = {}
        for _, race in self.rows.groupby([*RACE, "batch_size"]):
            best = race.iloc[0]
            won = best["verdict"] == Outcome.FIRST
            what = f"{best['backend']} by {best['optimizer']}" if won else str(best["verdict"])
            found[what] = found.get(what, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def targets(frame: pd.DataFrame) -> Targets:
    """Return the table for the rows of one or more runs. Raise `ReportError` if they have no descent."""
    descents = frame[frame["operator"] == "descent"]
    if descents.empty:
        raise ReportError("no row is of a descent, and only a descent has a time to target")
    every = cases.from_rows(descents)
    rows = [row for _, race in every.groupby([*RACE, "batch_size"]) for row in _rows(race)]
    return Targets(pd.DataFrame(rows, columns=[*TARGET, *TARGET_COLUMNS]), every, cases.mixed(descents))


def arrived(race: pd.DataFrame) -> pd.DataFrame:
    """Return the cases that reach the target, the first to arrive first."""
    return race[race["target"].notna()].sort_values(["target", "optimizer", "backend"])


def _rows(race: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of the contestants at one batch size."""
    ranked = arrived(race)
    optimizers = [*dict.fromkeys([*ranked["optimizer"], *sorted(race["optimizer"])])]
    return [_row(race[race["optimizer"] == name], ranked) for name in optimizers]


def _row(same: pd.DataFrame, ranked: pd.DataFrame) -> dict[str, object]:
    """Return the row of one optimizer. `ranked` are the cases of all optimizers that reach the target."""
    case = same.iloc[0]
    row: dict[str, object] = {name: case[name] for name in TARGET}
    lacking = cases.timed(same[same["target"].isna()])["backend"]
    row |= dict.fromkeys(TARGET_COLUMNS, np.nan) | {"backend": "", "ties": (), "lacking": tuple(lacking)}
    own = arrived(same)
    if own.empty:
        return row | {"verdict": Outcome.NO_TIME if lacking.empty else Outcome.NEVER}
    best = own.iloc[0]
    over = quotients(ranked.iloc[:1], own.iloc[:1], ["target"])
    leads = best.name == ranked.index[0]
    return row | {
        "verdict": _leading(ranked) if leads else Outcome.LATER if over.low[0] > 1.0 else Outcome.NOT_SEPARATED,
        "backend": best["backend"],
        "target_seconds": best["target"],
        "target_low": best["target_low"],
        "target_high": best["target_high"],
        "target_steps": best["steps_to_target"],
        "rate": best["rate"],
        "ties": _rivals(own),
        "over_first": over.center[0],
        "over_first_low": np.nan if leads else over.low[0],
        "over_first_high": np.nan if leads else over.high[0],
    }


def _leading(ranked: pd.DataFrame) -> Outcome:
    if len(ranked) == 1:
        return Outcome.ALONE
    return Outcome.NOT_SEPARATED if _rivals(ranked) else Outcome.FIRST


def _rivals(ranked: pd.DataFrame) -> tuple[str, ...]:
    """Return the backends of the cases that are not separated from the first."""
    lows = quotients(ranked.iloc[:1], ranked.iloc[1:], ["target"]).low
    others = ranked["backend"].iloc[1:]
    return tuple(str(name) for name, low in zip(others, lows, strict=True) if not low > 1.0)
