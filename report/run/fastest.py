"""Which backend is the fastest, and which are not separated from it: the one rule for every table and page.

Two backends are separated if the interval of their quotient lies above 1, in time and in the ratio to NumPy. Time alone
would take the machine's drift between the two cases for a difference. The paired ratio alone would take a paired round
that went wrong for a difference. Where any of the backends has no ratio to NumPy, the times alone decide between all of
them, so that all are held to one rule. So they do on a GPU: what NumPy takes on the CPU says nothing of the device.

The interval of a quotient is at 95 %. Of two equal backends, one is then named the fastest in 5 % of the races at most;
of more, in fewer, since a winner must be separated from all (docs/methodology.md has the rates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from report.run import cases
from report.statistics.intervals import UNKNOWN, Interval
from report.statistics.welch import Array


class Margins(NamedTuple):
    """The margins of several cases, with the ends of their intervals."""

    center: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Fastest:
    """The backend of the lowest time, the rivals that are not separated from it, and its margin over the runner-up.

    `runner_up` is the backend of the second lowest time. If only one backend has a time, it is `None`, and the margin
    is unknown.
    """

    backend: str
    rivals: tuple[str, ...]
    runner_up: str | None
    margin: Interval

    @property
    def separated(self) -> bool:
        """Whether the backend is separated from all others. A backend that was timed alone is not."""
        return self.runner_up is not None and not self.rivals


def fastest(group: pd.DataFrame) -> Fastest | None:
    """Return the fastest of the cases, which differ in the backend alone; `None` if no case has a time."""
    ranked = cases.timed(group).sort_values(["seconds", "backend"])
    if ranked.empty:
        return None
    names = [str(name) for name in ranked["backend"]]
    if len(names) == 1:
        return Fastest(names[0], (), None, UNKNOWN)
    margins = margin(ranked.iloc[:1], ranked.iloc[1:])
    rivals = tuple(name for name, low in zip(names[1:], margins.low, strict=True) if not low > 1.0)
    return Fastest(names[0], rivals, names[1], Interval(*(float(end[0]) for end in margins)))


def margin(case: pd.DataFrame, others: pd.DataFrame, *, times_alone: bool = False) -> Margins:
    """Return how many times as long each of the other cases takes as `case`, which is a frame of one row.

    The interval, at 95 %, covers that of the times and that of the ratios to NumPy. So it lies above 1 only if the case
    is faster by both. If any of the cases has no ratio, or is one of a GPU, it is that of the times, and so it is with
    `times_alone`. Its ends are NaN where either case has no interval.
    """
    both = pd.concat([case, others])
    by_time_alone = times_alone or both["ratio"].isna().any() or (both["device"] != "cpu").any()
    return quotients(case, others, ["seconds"] if by_time_alone else ["seconds", "ratio"])


def quotients(case: pd.DataFrame, others: pd.DataFrame, measures: Sequence[str]) -> Margins:
    """Return the quotient of each of the other cases and `case`, a frame of one row, in the first of the measures.

    The measures are those of `report.run.cases.MEASURES`. The interval covers that of each measure.
    """
    names = [f"{name}{end}" for name in measures for end in cases.ENDS]
    ends = {name: (case[name].to_numpy(), others[name].to_numpy()) for name in names}
    with np.errstate(all="ignore"):  # a quotient may be too large or too small for a float64
        logs = {name: tuple(map(np.log, pair)) for name, pair in ends.items()}
        intervals = [_quotient(logs, name) for name in measures]
        center = ends[measures[0]][1] / ends[measures[0]][0]
        lows, highs = ([np.exp(interval[end]) for interval in intervals] for end in (0, 1))
    return Margins(center, np.minimum.reduce(lows), np.maximum.reduce(highs))


def _quotient(logs: dict[str, tuple[Array, ...]], name: str) -> tuple[Array, Array]:
    """Return the ends of the interval of the quotient of two estimates, from their intervals: all are logarithms."""
    (first, other), (low, other_low), (high, other_high) = (logs[f"{name}{end}"] for end in cases.ENDS)
    down, up = np.hypot(other - other_low, high - first), np.hypot(other_high - other, first - low)
    return other - first - down, other - first + up
