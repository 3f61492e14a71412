"""From which batch size on one backend is faster than another, by the measured points alone, without a fitted model.

At each batch size the interval of the ratio says that the backend is faster, slower, or not separated. Where this
changes sides, the crossover lies between the last batch size on one side and the first on the other: that is its
uncertainty. The estimate between them is where the line through the ratios, both axes logarithmic, passes 1.
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
"""−1: the backend is faster; 1: it is slower; 0: the interval holds 1, or there is none."""

Point = tuple[int, Interval]
"""A batch size, and how many times as long the backend takes there."""


class Kind(Enum):
    """How a backend stands to another over the batch sizes."""

    NOT_SEPARATED = auto()  # at no batch size is one of the two faster
    ALWAYS_FASTER = auto()  # at every batch size where they are separated
    NEVER_FASTER = auto()  # slower wherever they are separated
    BECOMES_FASTER = auto()  # faster from the crossover on
    BECOMES_SLOWER = auto()  # faster up to the crossover


@dataclass(frozen=True)
class Crossover:
    """Where a backend passes another.

    `at` is the last change of sides: the estimate, and the two measured batch sizes around it; NaN where the sides
    never change. `changes` counts the changes. `separated` are the smallest and the largest batch size at which the two
    are separated, `measured` the smallest and the largest of all.
    """

    kind: Kind
    at: Interval
    changes: int
    separated: tuple[int, int] | None
    measured: tuple[int, int]


def crossover(points: Sequence[Point]) -> Crossover:
    """Return where the ratio passes 1. `points` has one point a batch size, in ascending order, at least one."""
    settled = [(size, _side(ratio)) for size, ratio in points if _side(ratio)]
    changes = [
        _between(points, before, after) for (before, one), (after, other) in itertools.pairwise(settled) if one != other
    ]
    measured = (points[0][0], points[-1][0])
    if not settled:
        return Crossover(Kind.NOT_SEPARATED, UNKNOWN, 0, None, measured)
    faster = settled[-1][1] < 0
    if changes:
        kind = Kind.BECOMES_FASTER if faster else Kind.BECOMES_SLOWER
    else:
        kind = Kind.ALWAYS_FASTER if faster else Kind.NEVER_FASTER
    last = changes[-1] if changes else UNKNOWN
    return Crossover(kind, last, len(changes), (settled[0][0], settled[-1][0]), measured)


def _side(ratio: Interval) -> Side:
    if ratio.high < 1.0:
        return -1
    return 1 if ratio.low > 1.0 else 0


def _between(points: Sequence[Point], first: int, last: int) -> Interval:
    """Return the estimate of a crossover between two batch sizes, which are its ends.

    Where the ratios pass 1 more than once between them, the estimate is the middle of the first and the last passing.
    """
    within = [(np.log(size), np.log(ratio.center)) for size, ratio in points if first <= size <= last]
    found = [
        x + (to_x - x) * y / (y - to_y) for (x, y), (to_x, to_y) in itertools.pairwise(within) if (y > 0) != (to_y > 0)
    ]
    return Interval(float(np.exp((found[0] + found[-1]) / 2)), float(first), float(last))
