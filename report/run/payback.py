"""How many calls it takes for a compilation to pay back against hand-derived NumPy.

After n calls the backend has taken compile + first call + (n − 1) · seconds, and NumPy n · seconds / ratio. The ratio
is the one to the paired rounds, in which the machine's drift cancels, so NumPy's own row is not needed. The two are
equal at n = (compile + first call − seconds) / (seconds / ratio − seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pandas as pd

from report.statistics.intervals import UNKNOWN, Interval


class Kind(Enum):
    """Whether compiling pays back."""

    PAYS = auto()  # after so many calls
    NEVER = auto()  # the backend is slower than NumPy
    NOT_SEPARATED = auto()  # the interval of the ratio holds 1
    UNKNOWN = auto()  # a figure that it takes is missing


@dataclass(frozen=True)
class Payback:
    """After how many calls a backend has taken less time than NumPy: 1 at least; NaN unless it pays."""

    kind: Kind
    calls: Interval


def payback(case: pd.Series) -> Payback:
    """Return the payback of a case, a row of `report.run.cases`.

    The interval takes the seconds and the ratio each at its end. Within one launch, compiling and the first call happen
    once and have no interval. Where there are several launches, their interval counts too.
    """
    if np.isnan(case[["ratio_low", "ratio_high", "once"]].astype(float)).any():
        return Payback(Kind.UNKNOWN, UNKNOWN)
    if case["ratio_low"] > 1.0:
        return Payback(Kind.NEVER, UNKNOWN)
    if case["ratio_high"] >= 1.0:
        return Payback(Kind.NOT_SEPARATED, UNKNOWN)
    low, high = (case["once"] if np.isnan(case[end]) else case[end] for end in ("once_low", "once_high"))
    calls = Interval(
        _calls(case["once"], case["seconds"], case["ratio"]),
        _calls(low, case["seconds_high"], case["ratio_low"]),
        _calls(high, case["seconds_low"], case["ratio_high"]),
    )
    return Payback(Kind.PAYS, calls)


def _calls(once: float, seconds: float, ratio: float) -> float:
    with np.errstate(all="ignore"):  # a ratio next to 1
        return float(np.fmax(1.0, (once - seconds) / (seconds / ratio - seconds)))
