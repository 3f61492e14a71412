"""From which batch size on one backend is faster than another, from the measured points alone, and no fitted model.

At each batch size the interval of the ratio says that the backend is faster, slower, or not separated. Where it changes
sides, the crossover lies between the last batch size at which it was on one side and the first at which it is on the
other: that is the uncertainty. The estimate between them is where the line through the ratios, both axes logarithmic,
passes 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from report.statistics.intervals import NOTHING, Interval

Side = Literal[-1, 0, 1]
"""−1: the backend is faster; 1: it is slower; 0: the interval holds 1, or there is none."""

Point = tuple[int, Interval]
"""A batch size, and how many times as long the backend takes there."""


@dataclass(frozen=True)
class Crossover:
    """Where a backend passes another, in words; and of the last change of sides the estimate with both ends.

    Without a change of sides the numbers are NaN.
    """

    words: str
    at: Interval


def crossover(points: Sequence[Point]) -> Crossover:
    """Return where the ratio passes 1; `points` are one a batch size, in ascending order, at least one."""
    settled = [point for point in points if _side(point[1])]
    changes = [
        _between(points, before[0], after[0])
        for before, after in itertools.pairwise(settled)
        if _side(before[1]) != _side(after[1])
    ]
    last = changes[-1] if changes else NOTHING
    return Crossover("".join(_words(points, settled, changes)), last)


def _side(ratio: Interval) -> Side:
    if ratio.high < 1.0:
        return -1
    return 1 if ratio.low > 1.0 else 0


def _between(points: Sequence[Point], first: int, last: int) -> Interval:
    """Return the estimate of a crossover between two batch sizes, with these for its ends.

    Where the ratios pass 1 more than once there, it is the middle of the first and the last time.
    """
    within = [(np.log(size), np.log(ratio.center)) for size, ratio in points if first <= size <= last]
    found = [
        x + (to_x - x) * y / (y - to_y) for (x, y), (to_x, to_y) in itertools.pairwise(within) if (y > 0) != (to_y > 0)
    ]
    return Interval(float(np.exp((found[0] + found[-1]) / 2)), float(first), float(last))


def _words(points: Sequence[Point], settled: Sequence[Point], changes: Sequence[Interval]) -> Iterator[str]:
    """Yield what is to be said: the last change of sides, or the side that it stays on; and where it is on neither."""
    if not settled:
        yield "not separated"
        return
    faster = _side(settled[-1][1]) < 0
    if changes:
        yield f"{'from' if faster else 'up to'} {_told(changes[-1])}"
        if len(changes) > 1:
            yield f", the last of {len(changes)} changes"
    elif faster:
        first = settled[0][0]
        yield "from the start" if first == points[0][0] else f"by {first:,} at the latest"
    else:
        yield f"never within {settled[0][0]:,} … {settled[-1][0]:,}"
    if settled[-1][0] < points[-1][0]:
        yield ", then not separated"


def _told(at: Interval) -> str:
    return f"≈ {rounded(at.center)} ({at.low:,.0f} … {at.high:,.0f})"


def rounded(size: float) -> str:
    """Return a batch size with two digits: the estimate has no more."""
    return f"{float(f'{size:.2g}'):,.0f}"
