"""Counts the calls of one call of a case: the same number each time, whatever the machine does."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from types import FrameType
from typing import Any

from bench.case.causes.names import name_of
from bench.case.rounds import Call

WARM_CALLS = 3
"""Calls before the one that is counted. The first may fill caches, and a framework may look at its second too."""


def counted(call: Call) -> dict[str, int]:
    """Return how often one call, after some others, calls each function, in Python or in C.

    Not seen: what C calls in C, a ufunc of NumPy, and an operator, which is no call.
    """
    for _ in range(WARM_CALLS):
        call()
    seen: list[Any] = []

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            seen.append(frame.f_code)
        elif event == "c_call" and function is not sys.setprofile:
            seen.append(function)

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()  # a collection calls what frameworks have registered for it
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()
    return dict(Counter(map(name_of, seen)))
