"""A step of a course is real if its whole interval is beyond half of the threshold, on either side."""

from __future__ import annotations

import pytest

from report.compare.course import Step
from report.statistics.intervals import UNKNOWN, Interval


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (Interval(1.028, 1.021, 1.035), Step.SLOWER),  # smaller than the threshold, and real
        (Interval(1.023, 1.014, 1.031), Step.NOT_PROVEN),  # does not hold 1, and another hour says otherwise
        (Interval(0.999, 0.982, 1.013), Step.NOT_PROVEN),
        (Interval(0.941, 0.930, 0.952), Step.FASTER),
        (Interval(0.980, 0.970, 0.990), Step.NOT_PROVEN),
        (UNKNOWN, Step.NOT_PROVEN),
    ],
)
def test_a_step_is_real_beyond_half_of_the_threshold(ratio: Interval, expected: Step) -> None:
    assert Step.of(ratio, 0.03) is expected


def test_the_threshold_of_the_search_decides() -> None:
    assert Step.of(Interval(1.023, 1.014, 1.031), 0.02) is Step.SLOWER
