"""Profiles a case: which share of its time each function has. The profiler slows calls, so this is no timing."""

from __future__ import annotations

import cProfile
from collections import defaultdict

import numpy as np

from bench.case.causes.names import name_of
from bench.case.rounds import Call, calibrate
from bench.clock import now

BLOCKS, MIN_BLOCKS = 32, 3
"""Profiles of a case. Of each function the lower quartile counts: what another process takes comes on top of a few."""

BLOCK_SECONDS = 0.02
"""How long the calls of one block take at least, without the profiler."""

MAX_SECONDS = 10.0
"""After so long there are no more blocks than `MIN_BLOCKS`."""

MIN_SHARE = 0.001
"""A function below this share is left out."""


def profiled(call: Call) -> dict[str, float]:
    """Return the share of each function in the time of a call: its own time, without that of what it calls."""
    calls = calibrate(call, BLOCK_SECONDS)[0]
    blocks: list[dict[str, float]] = []
    end = now() + MAX_SECONDS
    while len(blocks) < MIN_BLOCKS or (len(blocks) < BLOCKS and now() < end):
        blocks.append(_own_seconds(call, calls))
    names = sorted({name for block in blocks for name in block})
    own = {name: float(np.quantile([block.get(name, 0.0) for block in blocks], 0.25)) for name in names}
    total = sum(own.values()) or 1.0
    return {name: seconds / total for name, seconds in own.items() if seconds >= MIN_SHARE * total}


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
