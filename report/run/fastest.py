"""Which backend is the fastest, and which are not separated from it: the one rule for every table and page.

Two backends are separated if their intervals of time are apart and their intervals of the ratio to NumPy are apart too.
Time alone would take the machine's drift between the two cases for a difference. The paired ratio alone would take a
paired round that went wrong for a difference. Where any of the backends has no ratio to NumPy, the times alone decide
between all of them, so that all are held to one rule. Two 95 % intervals that are apart are a test at 0.6 % if they are
equally wide, which leaves room for the number of backends that are compared (docs/methodology.md).
"""

from __future__ import annotations

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


def margin(case: pd.DataFrame, others: pd.DataFrame) -> Margins:
    """Return how many times as long each of the other cases takes as `case`, which is a frame of one row.

    The interval covers that of the times and that of the ratios to NumPy. So it lies above 1 only if the case is faster
    by both. If any of the cases has no ratio, it is that of the times. Its ends are NaN where either case has no
    interval.
    """
    measures = ["seconds"] if pd.concat([case["ratio"], others["ratio"]]).isna().any() else ["seconds", "ratio"]
    ends = {name: (case[name].to_numpy(), others[name].to_numpy()) for name in cases.ESTIMATES}
    with np.errstate(all="ignore"):  # a quotient may be too large or too small for a float64
        center = ends["seconds"][1] / ends["seconds"][0]
        lows = [ends[f"{name}_low"][1] / ends[f"{name}_high"][0] for name in measures]
        highs = [ends[f"{name}_high"][1] / ends[f"{name}_low"][0] for name in measures]
    return Margins(center, np.minimum.reduce(lows), np.maximum.reduce(highs))
