"""How many calls it takes for a compilation to pay back against hand-derived NumPy.

After n calls the backend has taken compile + first call + (n − 1) · seconds, and NumPy n · seconds / ratio: the ratio
is that to the paired rounds, in which the machine's drift cancels, so NumPy's own row is not needed. They are equal at
n = (compile + first call − seconds) / (seconds / ratio − seconds).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from report.statistics.intervals import NOTHING, Interval


@dataclass(frozen=True)
class Payback:
    """After how many calls a backend has taken less time than NumPy, 1 at least; NaN, with the words, where never."""

    calls: Interval
    words: str


def payback(case: pd.Series) -> Payback:
    """Return the payback of a case, a row of `report.estimates`.

    The interval is that of the seconds and the ratio, each at its end, and of the compile and first call where several
    launches tell: within one launch they happen once, and have none.
    """
    if np.isnan(case[["ratio_low", "ratio_high", "once"]].astype(float)).any():
        return Payback(NOTHING, "not known")
    if case["ratio_low"] > 1.0:
        return Payback(NOTHING, "never")
    if case["ratio_high"] >= 1.0:
        return Payback(NOTHING, "not separated")
    low, high = (case["once"] if np.isnan(case[end]) else case[end] for end in ("once_low", "once_high"))
    calls = Interval(
        _calls(case["once"], case["seconds"], case["ratio"]),
        _calls(low, case["seconds_high"], case["ratio_low"]),
        _calls(high, case["seconds_low"], case["ratio_high"]),
    )
    return Payback(calls, _words(calls))


def _calls(once: float, seconds: float, ratio: float) -> float:
    with np.errstate(all="ignore"):  # a ratio next to 1
        return float(np.fmax(1.0, (once - seconds) / (seconds / ratio - seconds)))


def _words(calls: Interval) -> str:
    if calls.high <= 1.0:
        return "at once"
    low, high = (_rounded(end) for end in (calls.low, calls.high))
    return f"{_rounded(calls.center)}" if low == high else f"{_rounded(calls.center)} [{low}, {high}]"


def _rounded(calls: float) -> str:
    """Return a number of calls with three digits, rounded up."""
    whole = np.ceil(calls)
    return f"{float(f'{whole:.3g}'):,.0f}" if np.isfinite(whole) else "∞"
