"""After how many calls a compilation has paid back against hand-derived NumPy.

Once in a process the backend takes once = start-up + compile + first call. After n calls it has taken
once + (n − 1) · seconds, and NumPy n · seconds / ratio. The ratio is that of the paired rounds, in which the machine's
drift cancels. So NumPy's own row is not needed. Both have taken the same time at
n = (once − seconds) / (seconds / ratio − seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pandas as pd

from report.statistics.intervals import UNKNOWN, Interval


class Kind(Enum):
    """Whether compiling pays back."""

    PAYS = auto()  # after some number of calls
    NEVER = auto()  # the backend is slower than NumPy
    NOT_SEPARATED = auto()  # the interval of the ratio holds 1
    UNKNOWN = auto()  # a figure that the formula needs is missing


@dataclass(frozen=True)
class Payback:
    """After how many calls a backend has taken no more time than NumPy: at least 1; NaN unless it pays back."""

    kind: Kind
    calls: Interval


def payback(case: pd.Series) -> Payback:
    """Return the payback of a case, which is a row of `report.run.cases`.

    The interval combines the ends of the intervals of the seconds and of the ratio. From three launches on, the seconds
    of start-up, compiling and the first call have an interval, and its ends count too. Within one launch they happen
    once.
    """
    if np.isnan(case[["ratio_low", "ratio_high", "once"]].astype(float)).any():
        return Payback(Kind.UNKNOWN, UNKNOWN)
    if case["ratio_low"] > 1.0:
        return Payback(Kind.NEVER, UNKNOWN)
    if case["ratio_high"] >= 1.0:
        return Payback(Kind.NOT_SEPARATED, UNKNOWN)
    once_low, once_high = (case["once"] if np.isnan(case[end]) else case[end] for end in ("once_low", "once_high"))
    calls = Interval(
        _calls(case["once"], case["seconds"], case["ratio"]),
        _calls(once_low, case["seconds_high"], case["ratio_low"]),
        _calls(once_high, case["seconds_low"], case["ratio_high"]),
    )
    return Payback(Kind.PAYS, calls)


def _calls(once: float, seconds: float, ratio: float) -> float:
    """Return the number of calls after which both have taken the same time, at least 1."""
    with np.errstate(all="ignore"):  # the denominator is near 0 where the ratio is near 1
        return float(np.fmax(1.0, (once - seconds) / (seconds / ratio - seconds)))
