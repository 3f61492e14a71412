"""How many more operations a case gets, and what they cost: measured apart from the duels, in one process."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from backends import Case, load
from bench.case.prepare import Prepared, prepare
from bench.case.rounds import Call, awaited, calibrate
from experiments.alternation import alternate
from experiments.duels.extra_work import with_more
from problems import find
from report.table.keys import framework

BACKENDS = ("numpy-inplace", "autograd", "torch-func")
"""The backends that do more. A jitted call is so short that one small operation is more than 4 % of it."""

SHARE = 0.04
"""How much longer a call should take."""

SECONDS = 2.0
"""For how long calls with and without the operations are alternated, to measure what they cost."""


class Work(NamedTuple):
    """The operations that a case's call makes in addition, and the share of the call's time that they cost."""

    backend: str
    batch_size: int
    operations: int
    share: float


def measured(backend: str, batch_size: int, steps: int, share: float = SHARE) -> Work:
    """Return how many more operations lengthen a call of the case by about `share`, and by how much they do."""
    case = Case("descent", "quadratic", backend, batch_size, "float32", "cpu", steps)
    prepared = prepare(case, load((framework(backend),)).backends[backend], find(case.problem))
    calls, seconds = calibrate(prepared.call, 0.02)
    without = seconds / calls
    many = 1000
    calls, seconds = calibrate(_more(prepared, many), 0.05)
    of_one = max((seconds / calls - without) / many, 1e-9)
    count = max(1, round(share * without / of_one))
    ratios, _ = alternate(_more(prepared, count), prepared.call, SECONDS)
    return Work(backend, batch_size, count, float(np.median(ratios)) - 1.0)


def _more(prepared: Prepared, count: int) -> Call:
    """Return the case's call with more operations."""
    return awaited(partial(with_more(prepared.run, count), *prepared.placed), prepared.backend.wait, prepared.case)
