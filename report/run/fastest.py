"""Which backend is the fastest, and which are not separated from it: the one rule, for every table and page.

Two backends are separated where both their intervals, of time and of ratio to NumPy, are apart. Time alone would take
the machine's drift from one case to the next for a difference; the paired ratio alone would take a paired round that
went wrong for one. Two intervals of 95 % that are apart are a test at 0.6 % where they are equally wide, which leaves
room for the number of backends that are compared (docs/methodology.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from report.run import cases
from report.statistics.intervals import UNKNOWN, Interval


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
    first, others = ranked.iloc[0], ranked.iloc[1:]
    margins = [margin(first, row) for _, row in others.iterrows()]
    names = [str(name) for name in others["backend"]]
    rivals = tuple(name for name, found in zip(names, margins, strict=True) if not found.low > 1.0)
    return Fastest(str(first["backend"]), rivals, next(iter(names), None), next(iter(margins), UNKNOWN))


def margin(case: pd.Series, other: pd.Series) -> Interval:
    """Return how many times as long as a case another takes.

    The interval covers that of the times and that of the ratios to NumPy: it lies above 1 only where the case is faster
    by both. Its ends are NaN where either case has no interval.
    """
    with np.errstate(all="ignore"):  # quotients at the edge of what a float64 holds
        lows = [other[f"{name}_low"] / case[f"{name}_high"] for name in ("seconds", "ratio")]
        highs = [other[f"{name}_high"] / case[f"{name}_low"] for name in ("seconds", "ratio")]
        return Interval(float(other["seconds"] / case["seconds"]), float(np.min(lows)), float(np.max(highs)))
