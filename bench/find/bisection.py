"""The bisection, apart from what it searches and how a step is measured.

The ends are known: the first candidate is good and the last is bad. Each step judges the candidate in the middle of
what is left. A candidate that cannot be judged is passed over, and the next one to the middle is judged in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from report.statistics.intervals import Interval

ERROR = 0.05
"""How often a search may go wrong in one of its steps, all steps together."""

LOOKS = (16, 28, 40)
"""After so many process pairs a step looks whether its candidate can be judged. After the last it cannot."""


class Answer(Enum):
    """What a step says of its candidate."""

    GOOD = "as good"
    BAD = "slower"
    UNKNOWN = "not judged"


def narrow(count: int, judge: Callable[[int], Answer]) -> tuple[int, int]:
    """Return the last good and the first bad of `count` candidates in their order.

    Candidates between the two could not be judged. `judge` is asked for each candidate at most once.
    """
    good, bad = 0, count - 1
    unknown: set[int] = set()
    while left := [number for number in range(good + 1, bad) if number not in unknown]:
        middle = min(left, key=lambda number: abs(2 * number - good - bad))
        answer = judge(middle)
        if answer is Answer.GOOD:
            good = middle
        elif answer is Answer.BAD:
            bad = middle
        else:
            unknown.add(middle)
    return good, bad


def confidence(step: int) -> float:
    """Return the confidence of the interval at each look of a step; steps are numbered from 1.

    A step goes wrong if its whole interval lies on the wrong side of halfway. Step k may do so with the probability
    `ERROR / (k (k + 1))`, its looks together: over all steps, however many, this sums to `ERROR`.
    """
    return 1.0 - 2.0 * ERROR / (step * (step + 1) * len(LOOKS))


def judged(ratio: Interval, halfway: float) -> Answer:
    """Return what the ratio of a candidate to the good end says: on which side of `halfway` its interval lies."""
    if ratio.low > halfway:
        return Answer.BAD
    return Answer.GOOD if ratio.high < halfway else Answer.UNKNOWN
