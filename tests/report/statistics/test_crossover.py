"""From which batch size on one backend is faster than another, by the measured points alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.statistics.crossover import Crossover, Kind, crossover
from report.statistics.intervals import Interval

SIZES = (1, 100, 10_000, 1_000_000)

SOME_COST = st.tuples(st.floats(-9, -2), st.floats(-12, -7)).map(lambda powers: tuple(10.0**power for power in powers))


Ratio = float | tuple[float, float, float]

NOT_SEPARATED = (1.0, 0.5, 2.0)
"""A ratio with an interval that holds 1."""


def crossover_of(*ratios: Ratio) -> Crossover:
    """Return the crossover of ratios at 1, 100, 10,000 …; a ratio without an interval is known to ± 1 %."""
    intervals = [ratio if isinstance(ratio, tuple) else (ratio, 0.99 * ratio, 1.01 * ratio) for ratio in ratios]
    return crossover([(100**power, Interval(*interval)) for power, interval in enumerate(intervals)])


@pytest.mark.parametrize(
    ("ratios", "kind", "separated"),
    [
        ((10.0, 10.0, 0.1, 0.1), Kind.BECOMES_FASTER, (1, 1_000_000)),
        ((0.1, 0.1, 10.0), Kind.BECOMES_SLOWER, (1, 10_000)),
        ((10.0, NOT_SEPARATED, 0.1), Kind.BECOMES_FASTER, (1, 10_000)),
        ((0.1, 0.2, 0.1), Kind.ALWAYS_FASTER, (1, 10_000)),
        ((0.1, NOT_SEPARATED, 0.1), Kind.ALWAYS_FASTER, (1, 10_000)),
        ((0.1, 0.2, NOT_SEPARATED), Kind.ALWAYS_FASTER, (1, 100)),
        ((NOT_SEPARATED, 0.5, 0.1), Kind.ALWAYS_FASTER, (100, 10_000)),
        ((2.0, 3.0, 4.0), Kind.NEVER_FASTER, (1, 10_000)),
        ((NOT_SEPARATED, 3.0, NOT_SEPARATED), Kind.NEVER_FASTER, (100, 100)),
        ((NOT_SEPARATED, NOT_SEPARATED), Kind.NOT_SEPARATED, None),
        (((0.1, np.nan, np.nan),), Kind.NOT_SEPARATED, None),
    ],
)
def test_a_backend_has_a_kind_and_the_batch_sizes_where_it_is_separated(
    ratios: tuple[Ratio, ...], kind: Kind, separated: tuple[int, int] | None
) -> None:
    found = crossover_of(*ratios)
    assert (found.kind, found.separated) == (kind, separated)
    assert found.measured == (1, 100 ** (len(ratios) - 1))


@pytest.mark.parametrize(
    ("ratios", "at"),
    [
        ((10.0, 10.0, 0.1, 0.1), Interval(1_000, 100, 10_000)),
        ((10.0, 0.1, 0.1, 0.1), Interval(10, 1, 100)),
        ((10.0, NOT_SEPARATED, 0.1), Interval(100, 1, 10_000)),
    ],
)
def test_a_crossover_lies_between_two_measured_batch_sizes(ratios: tuple[Ratio, ...], at: Interval) -> None:
    assert crossover_of(*ratios).at == pytest.approx(at)


def test_the_last_of_several_crossovers_is_given_with_their_number() -> None:
    found = crossover_of(10.0, 0.1, 10.0, 0.1)
    assert found.at == pytest.approx(Interval(100_000, 10_000, 1_000_000))
    assert found.changes == 3


@given(SOME_COST, SOME_COST)
def test_the_true_crossover_of_two_linear_costs_is_within_the_interval(
    mine: tuple[float, float], other: tuple[float, float]
) -> None:
    sizes = np.array(SIZES)
    quotient = (mine[0] + mine[1] * sizes) / (other[0] + other[1] * sizes)
    at = crossover_of(*map(float, quotient)).at
    if not np.isnan(at.center):
        true = (other[0] - mine[0]) / (mine[1] - other[1])
        assert at.low <= true <= at.high
        assert at.low <= at.center <= at.high
