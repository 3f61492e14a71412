"""From which batch size on one backend is faster than another, by the measured points alone, without a fitted model.

At each measured batch size, the interval of the ratio says that the backend is faster, that it is slower, or that the
two are not separated. Where this changes from faster to slower or back, there is a crossover. It lies between the last
batch size on one side and the first on the other; these two sizes are its uncertainty. The estimate is where the line
through the ratios passes 1, with both axes logarithmic.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

import numpy as np

from report.statistics.intervals import UNKNOWN, Interval

Side = Literal[-1, 0, 1]
"""−1: the backend is faster. 1: it is slower. 0: the two are not separated; the interval holds 1, or there is none."""

Point = tuple[int, Interval]
"""A batch size, and how many times as long the backend takes there."""


class Kind(Enum):
    """How a backend stands to another over the batch sizes."""

    NOT_SEPARATED = auto()  # at no batch size is either of them faster
    ALWAYS_FASTER = auto()  # faster at every batch size where they are separated
    NEVER_FASTER = auto()  # slower at every batch size where they are separated
    BECOMES_FASTER = auto()  # faster from the last crossover on
    BECOMES_SLOWER = auto()  # slower from the last crossover on


@dataclass(frozen=True)
class Crossover:
    """Where a backend passes another.

    `at` is the last crossover: the estimate, and the two measured batch sizes around it. It is NaN if there is none.
    `changes` counts the crossovers. `separated` has the smallest and the largest batch size at which the two are
    separated, `measured` the smallest and the largest of all.
    """

    kind: Kind
    at: Interval
    changes: int
    separated: tuple[int, int] | None
    measured: tuple[int, int]


def crossover(points: Sequence[Point]) -> Crossover:
    """Return where the ratio passes 1. There is one point per batch size, in ascending order, and at least one."""
    sides = [(size, _side(ratio)) for size, ratio in points]
    separated = [(size, side) for size, side in sides if side]
    measured = (points[0][0], points[-1][0])
    if not separated:
        return Crossover(Kind.NOT_SEPARATED, UNKNOWN, 0, None, measured)
    changes = [
        _between(points, size, next_size)
        for (size, side), (next_size, next_side) in itertools.pairwise(separated)
        if side != next_side
    ]
    kind = _kind(faster_at_last=separated[-1][1] < 0, changes=len(changes))
    at = changes[-1] if changes else UNKNOWN
    return Crossover(kind, at, len(changes), (separated[0][0], separated[-1][0]), measured)


def _side(ratio: Interval) -> Side:
    if ratio.high < 1.0:
        return -1
    return 1 if ratio.low > 1.0 else 0


def _kind(*, faster_at_last: bool, changes: int) -> Kind:
    if changes:
        return Kind.BECOMES_FASTER if faster_at_last else Kind.BECOMES_SLOWER
    return Kind.ALWAYS_FASTER if faster_at_last else Kind.NEVER_FASTER


def _between(points: Sequence[Point], first: int, last: int) -> Interval:
    """Return the estimate of the crossover between two batch sizes, with these sizes as its ends.

    If the ratios pass 1 more than once between them, the estimate is midway between the first and the last pass.
    """
    within = [(np.log(size), np.log(ratio.center)) for size, ratio in points if first <= size <= last]
    passes = [
        x + (to_x - x) * y / (y - to_y) for (x, y), (to_x, to_y) in itertools.pairwise(within) if (y > 0) != (to_y > 0)
    ]
    return Interval(float(np.exp((passes[0] + passes[-1]) / 2)), float(first), float(last))
