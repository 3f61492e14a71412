"""The verdict: its intervals are SciPy's, and its rule is the one that the module states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ttest_ind, wilcoxon

from report.statistics import verdict, welch
from report.statistics.intervals import Interval
from report.statistics.verdict import Verdict

Sample = NDArray[np.float64]


def sample(seed: int, size: int, spread: float) -> Sample:
    return np.exp(np.random.default_rng(seed).normal(scale=spread, size=size))


@given(st.integers(0, 999), st.integers(3, 9), st.integers(3, 9), st.sampled_from([0.5, 0.95, 0.999]))
def test_an_unpaired_change_has_the_interval_of_welchs_t_on_logarithms(
    seed: int, old: int, new: int, confidence: float
) -> None:
    base, head = sample(seed, old, 0.1), 2 * sample(seed + 1000, new, 0.3)
    change = verdict.unpaired(base, head, confidence)
    ends = ttest_ind(np.log(head), np.log(base), equal_var=False).confidence_interval(confidence)
    assert (change.low, change.high) == pytest.approx((np.exp(ends.low), np.exp(ends.high)))
    assert change.center == pytest.approx(np.exp(np.log(head).mean() - np.log(base).mean()))


def test_many_cases_in_one_call_give_the_same_as_a_call_for_each_case() -> None:
    sizes = [(3, 5), (9, 3), (4, 4), (1, 3), (0, 3)]
    alone = [(sample(seed, old, 0.1), sample(seed + 9, new, 0.2)) for seed, (old, new) in enumerate(sizes)]
    sides = [
        welch.replicates(np.concatenate(side), np.repeat(np.arange(5), [len(part) for part in side]), 5)
        for side in zip(*alone, strict=True)
    ]
    together = np.exp(np.stack(welch.change(sides[0], sides[1], 0.9), axis=1))
    for (base, head), found in zip(alone[:3], together[:3], strict=True):
        expected = verdict.unpaired(base, head, 0.9)
        assert found == pytest.approx((expected.center, expected.low, expected.high))
    assert together[3, 0] == pytest.approx(np.exp(np.log(alone[3][1]).mean()) / alone[3][0][0])
    assert np.isnan(together[3, 1:]).all()  # a single replicate has no spread
    assert np.isnan(together[4]).all()


@given(st.integers(0, 999), st.integers(6, 20), st.sampled_from([0.8, 0.95]))
def test_a_paired_interval_holds_the_values_that_wilcoxons_test_does_not_reject(
    seed: int, pairs: int, confidence: float
) -> None:
    logs = np.log(sample(seed, pairs, 0.2))
    change = verdict.paired(logs, confidence)
    for end, outwards in ((np.log(change.low), -1), (np.log(change.high), 1)):
        assert wilcoxon(logs - end - outwards * 1e-6, method="exact").pvalue <= 1 - confidence + 1e-12
        assert wilcoxon(logs - end + outwards * 1e-6, method="exact").pvalue > 1 - confidence
    assert change.low < change.center < change.high


def test_an_outlier_hardly_moves_a_paired_change() -> None:
    logs = [0.100, 0.102, 0.104, 0.106, 0.108, 0.110, 0.112, 0.114]
    assert verdict.paired([*logs, 5.0], 0.95).center == pytest.approx(verdict.paired(logs, 0.95).center, rel=0.002)


def test_too_few_replicates_have_a_ratio_and_no_interval() -> None:
    for change in (verdict.unpaired([1.0, 1.1], [2.0] * 9, 0.95), verdict.paired([0.1] * 5, 0.95)):
        assert np.isfinite(change.center)
        assert np.isnan([change.low, change.high]).all()
        assert verdict.judge(change, 0.03) is Verdict.INCONCLUSIVE


def test_replicates_without_spread_have_an_interval_without_width() -> None:
    change = verdict.unpaired([1.0] * 3, [2.0] * 4, 0.95)
    assert (change.center, change.low, change.high) == pytest.approx((2.0, 2.0, 2.0))
    assert verdict.paired([0.0] * 6, 0.95) == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Interval(1.11, 1.01, 1.22), Verdict.REGRESSED),
        (Interval(1.11, 0.99, 1.24), Verdict.INCONCLUSIVE),  # it may be no change
        (Interval(1.09, 1.05, 1.13), Verdict.INCONCLUSIVE),  # a change for certain, and it may matter
        (Interval(1.05, 1.02, 1.08), Verdict.UNCHANGED),  # a change for certain, and it does not matter
        (Interval(1.00, 0.92, 1.09), Verdict.UNCHANGED),
        (Interval(0.90, 0.82, 0.99), Verdict.IMPROVED),
        (Interval(0.90, 0.80, 1.01), Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_needs_both_the_interval_and_the_threshold(change: Interval, expected: Verdict) -> None:
    assert verdict.judge(change, 0.10) is expected


@given(st.floats(0.5, 2.0), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_swapping_the_sides_swaps_the_verdicts(ratio: float, below: float, above: float) -> None:
    there = Interval(ratio, ratio * np.exp(-below), ratio * np.exp(above))
    back = Interval(1 / ratio, 1 / there.high, 1 / there.low)
    swapped = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
    forward = verdict.judge(there, 0.0999)
    assert verdict.judge(back, 0.0999) is swapped.get(forward, forward)


def test_with_more_cases_each_interval_needs_more_confidence() -> None:
    assert verdict.corrected(0.95, 20) == pytest.approx(0.9975)
    assert verdict.corrected(0.95, 1) == verdict.corrected(0.95, 0) == pytest.approx(0.95)
