"""From which batch size on one backend is faster than another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.statistics.crossover import Crossover, crossover
from report.statistics.intervals import Interval
from report.write.words import crossover_at

SIZES = (1, 100, 10_000, 1_000_000)

SOME_COST = st.tuples(st.floats(-9, -2), st.floats(-12, -7)).map(lambda powers: tuple(10.0**power for power in powers))


def ratios(*found: float | tuple[float, float, float]) -> Crossover:
    """Return the crossover of ratios at 1, 100, 10,000 …, of ± 1 % where no interval is given."""
    ends = [each if isinstance(each, tuple) else (each, 0.99 * each, 1.01 * each) for each in found]
    return crossover([(100**power, Interval(*each)) for power, each in enumerate(ends)])


OPEN = (1.0, 0.5, 2.0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ((10.0, 10.0, 0.1, 0.1), "from ≈ 1,000 (100 … 10,000)"),
        ((10.0, 0.1, 0.1, 0.1), "from ≈ 10 (1 … 100)"),
        ((0.1, 0.1, 10.0), "up to ≈ 1,000 (100 … 10,000)"),
        ((10.0, OPEN, 0.1), "from ≈ 100 (1 … 10,000)"),
        ((10.0, 0.1, 10.0, 0.1), "from ≈ 100,000 (10,000 … 1,000,000), the last of 3 changes"),
        ((0.1, 0.2, 0.1), "from the start"),
        ((0.1, OPEN, 0.1), "from the start"),
        ((0.1, 0.2, OPEN), "from the start, then not separated"),
        ((OPEN, 0.5, 0.1), "by 100 at the latest"),
        ((2.0, 3.0, 4.0), "never within 1 … 10,000"),
        ((2.0, 3.0, OPEN), "never within 1 … 100, then not separated"),
        ((OPEN, 3.0, 4.0), "never within 100 … 10,000"),
        ((OPEN, OPEN), "not separated"),
        (((0.1, np.nan, np.nan),), "not separated"),
    ],
)
def test_a_crossover_is_told_from_the_measured_points(
    found: tuple[float | tuple[float, float, float], ...], text: str
) -> None:
    assert crossover_at(ratios(*found)) == text


@given(SOME_COST, SOME_COST)
@settings(max_examples=30, deadline=None)
def test_the_crossover_of_two_linear_costs_is_between_its_ends(
    mine: tuple[float, float], other: tuple[float, float]
) -> None:
    sizes = np.array(SIZES)
    quotient = (mine[0] + mine[1] * sizes) / (other[0] + other[1] * sizes)
    found = ratios(*(float(ratio) for ratio in quotient))
    if not np.isnan(found.at.center):
        true = (other[0] - mine[0]) / (mine[1] - other[1])
        assert found.at.low <= true <= found.at.high
        assert found.at.low <= found.at.center <= found.at.high
