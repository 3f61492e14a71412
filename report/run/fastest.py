"""Which backend is the fastest, and which are not separated from it: the one rule, for every table and page.

Two backends are separated where both their intervals, of time and of ratio to NumPy, are apart. Time alone would take
the machine's drift from one case to the next for a difference; the paired ratio alone would take a paired round that
went wrong for one. Two intervals of 95 % that are apart are a test at 0.6 % where they are equally wide, which leaves
room for the number of backends that are compared (docs/methodology.md).
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
    """Margins of several cases, with the ends of their intervals."""

    center: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Fastest:
    """The backend of the lowest time, the rivals that are not separated from it, and its margin over the runner-up.

    `runner_up` is the backend of the second lowest time. It is `None`, and the margin unknown, where only one backend
    has a time.
    """

    backend: str
    rivals: tuple[str, ...]
    runner_up: str | None
    margin: Interval

    @property
    def separated(self) -> bool:
        """Whether it is faster than all others, by their intervals. A backend without rivals to beat is not."""
        return self.runner_up is not None and not self.rivals


def fastest(of: pd.DataFrame) -> Fastest | None:
    """Return the fastest of some cases, one a backend, as `report.run.cases` returns them; `None`: none has a time."""
    ranked = cases.timed(of).sort_values(["seconds", "backend"])
    if ranked.empty:
        return None
    names = [str(name) for name in ranked["backend"]]
    margins = margin(ranked.iloc[:1], ranked.iloc[1:])
    rivals = tuple(name for name, low in zip(names[1:], margins.low, strict=True) if not low > 1.0)
    if len(names) == 1:
        return Fastest(names[0], (), None, UNKNOWN)
    return Fastest(names[0], rivals, names[1], Interval(*(float(end[0]) for end in margins)))


def margin(case: pd.DataFrame, others: pd.DataFrame) -> Margins:
    """Return how many times as long each of the other cases takes as `case`, a frame of one row.

    The interval covers that of the times and that of the ratios to NumPy: it lies above 1 only where the case is faster
    by both. Its ends are NaN where either case has no interval.
    """
    ends = {name: (case[name].to_numpy(), others[name].to_numpy()) for name in cases.ESTIMATES}
    with np.errstate(all="ignore"):  # quotients at the edge of what a float64 holds
        center = ends["seconds"][1] / ends["seconds"][0]
        lows = [ends[f"{name}_low"][1] / ends[f"{name}_high"][0] for name in ("seconds", "ratio")]
        highs = [ends[f"{name}_high"][1] / ends[f"{name}_low"][0] for name in ("seconds", "ratio")]
    return Margins(center, np.minimum(*lows), np.maximum(*highs))
