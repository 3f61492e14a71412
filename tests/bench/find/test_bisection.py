"""The bisection finds any culprit, passes over what cannot be judged, and asks for few candidates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.find.bisection import ERROR, LOOKS, Answer, confidence, judged, narrow
from report.statistics.intervals import Interval


@st.composite
def searches(draw: st.DrawFn) -> tuple[int, int, set[int]]:
    """How many candidates there are, which is the first bad one, and which cannot be judged."""
    count = draw(st.integers(2, 60))
    culprit = draw(st.integers(1, count - 1))
    return count, culprit, draw(st.sets(st.integers(1, max(1, count - 2)), max_size=count))


@given(searches())
def test_the_culprit_is_between_the_two_and_all_others_there_cannot_be_judged(
    search: tuple[int, int, set[int]],
) -> None:
    count, culprit, unknown = search
    asked: list[int] = []

    def judge(number: int) -> Answer:
        asked.append(number)
        if number in unknown:
            return Answer.UNKNOWN
        return Answer.BAD if number >= culprit else Answer.GOOD

    good, bad = narrow(count, judge)
    assert good < culprit <= bad
    assert set(range(good + 1, bad)) <= unknown
    assert len(asked) == len(set(asked))
    assert not {0, count - 1} & set(asked)


@pytest.mark.parametrize("culprit", range(1, 40))
def test_forty_candidates_take_six_steps_at_most(culprit: int) -> None:
    asked: list[int] = []

    def judge(number: int) -> Answer:
        asked.append(number)
        return Answer.BAD if number >= culprit else Answer.GOOD

    assert narrow(40, judge) == (culprit - 1, culprit)
    assert len(asked) <= math.ceil(math.log2(39))


def test_all_looks_of_all_steps_together_go_wrong_no_more_often_than_the_error() -> None:
    wrong = [len(LOOKS) * (1 - confidence(step)) / 2 for step in range(1, 2000)]  # on one side of the interval
    assert sum(wrong) <= ERROR
    assert sum(wrong) == pytest.approx(ERROR, rel=1e-2)


def test_a_candidate_is_judged_by_the_side_of_halfway_that_its_whole_interval_is_on() -> None:
    assert judged(Interval(1.10, 1.06, 1.14), 1.05) is Answer.BAD
    assert judged(Interval(1.00, 0.97, 1.04), 1.05) is Answer.GOOD
    assert judged(Interval(1.06, 1.04, 1.08), 1.05) is Answer.UNKNOWN
    nan = math.nan  # too few pairs for an interval
    assert judged(Interval(1.20, nan, nan), 1.05) is Answer.UNKNOWN
