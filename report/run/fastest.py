"""Which backend is the fastest, and which are not separated from it: the one rule, for every table and page.

Two backends are separated where both their intervals, of time and of ratio to NumPy, are apart. Time alone would take
the machine's drift from one case to the next for a difference; the paired ratio alone, a paired round that went wrong.
Two intervals of 95 % that are apart are a test at 0.6 % where they are equally wide, which leaves room for the number
of backends that one is compared with (docs/methodology.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from report.run import estimates
from report.statistics.intervals import NOTHING, Interval


@dataclass(frozen=True)
class Fastest:
    """The backend of the lowest time, those that are not separated from it, and the margin to the runner-up.

    `runner_up` is the backend of the second lowest time; `None`, and no margin, where one alone has a time.
    """

    backend: str
    rivals: tuple[str, ...]
    runner_up: str | None
    margin: Interval

    @property
    def separated(self) -> bool:
        """Whether it is faster than all others, beyond the doubt of the intervals; one alone wins nothing."""
        return self.runner_up is not None and not self.rivals


def fastest(cases: pd.DataFrame) -> Fastest | None:
    """Return the fastest of some cases, one a backend, as `report.estimates` returns them; `None`: none has a time."""
    ranked = estimates.timed(cases).sort_values(["seconds", "backend"])
    if ranked.empty:
        return None
    first, others = ranked.iloc[0], ranked.iloc[1:]
    margins = [margin(first, row) for _, row in others.iterrows()]
    names = [str(name) for name in others["backend"]]
    rivals = tuple(name for name, found in zip(names, margins, strict=True) if not found.low > 1.0)
    return Fastest(str(first["backend"]), rivals, next(iter(names), None), next(iter(margins), NOTHING))


def margin(one: pd.Series, other: pd.Series) -> Interval:
    """Return how many times as long as one case another takes.

    The interval covers that of the times and that of the ratios to NumPy: it lies above 1 only where one is faster by
    both. Its ends are NaN where an interval of either case is.
    """
    with np.errstate(all="ignore"):  # the quotient of what a float64 only just holds
        lows = [other[f"{name}_low"] / one[f"{name}_high"] for name in ("seconds", "ratio")]
        highs = [other[f"{name}_high"] / one[f"{name}_low"] for name in ("seconds", "ratio")]
        return Interval(float(other["seconds"] / one["seconds"]), float(np.min(lows)), float(np.max(highs)))
