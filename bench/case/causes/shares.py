"""Profiles a case: which share of its time each function has. The profiler slows calls, so this is no timing."""

from __future__ import annotations

import cProfile
import statistics
from collections import defaultdict

from bench.case.causes.names import name_of
from bench.case.prepare import Prepared, relocate
from bench.case.rounds import Call, calibrate
from bench.clock import now

LAYOUTS, MIN_LAYOUTS = 8, 3
"""How often the arrays are moved. Where they lie changes the share of a function of NumPy by up to 15 points."""

BLOCKS = 4
"""Profiles in one layout. Of each function the shortest counts: what another process takes comes on top."""

BLOCK_SECONDS = 0.02
"""How long the calls of one block take at least, without the profiler."""

MAX_SECONDS = 10.0
"""After so long there are no more layouts than `MIN_LAYOUTS`."""

MIN_SHARE = 0.001
"""A function below this share is left out."""


def profiled(prepared: Prepared) -> dict[str, tuple[float, float, float]]:
    """Return the share of each function in the time of a call: the median, the lowest and the highest of the layouts.

    It is the function's own time, without that of what it calls.
    """
    calls = calibrate(prepared.call, BLOCK_SECONDS)[0]
    layouts: list[dict[str, float]] = []
    end = now() + MAX_SECONDS
    while len(layouts) < MIN_LAYOUTS or (len(layouts) < LAYOUTS and now() < end):
        prepared = relocate(prepared)
        prepared.call()
        layouts.append(_shares(prepared.call, calls))
    found = {}
    for name in sorted({name for layout in layouts for name in layout}):
        shares = [layout.get(name, 0.0) for layout in layouts]
        if statistics.median(shares) >= MIN_SHARE:
            found[name] = (statistics.median(shares), min(shares), max(shares))
    return found


def _shares(call: Call, calls: int) -> dict[str, float]:
    blocks = [_own_seconds(call, calls) for _ in range(BLOCKS)]
    own = {name: min(block.get(name, 0.0) for block in blocks) for name in {name for block in blocks for name in block}}
    total = sum(own.values()) or 1.0
    return {name: seconds / total for name, seconds in own.items()}


def _own_seconds(call: Call, calls: int) -> dict[str, float]:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(calls):
        call()
    profile.disable()
    seconds: defaultdict[str, float] = defaultdict(float)
    for entry in profile.getstats():
        seconds[name_of(entry.code)] += entry.inlinetime
    return dict(seconds)
