"""The duel's rules, on pairs whose true ratio is known."""

from __future__ import annotations

import numpy as np
import pytest

from report.statistics import duel_rules
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict

CASES = 20
RULES = Rules(0.03)


def pools(deviation: float, cases: int = CASES) -> dict[int, np.ndarray]:
    random = np.random.default_rng(1)
    return {case: random.normal(0.0, deviation, 200) for case in range(cases)}


def test_a_small_change_is_cleared_and_a_large_one_is_suspect() -> None:
    quiet = np.random.default_rng(0).normal(0.0, 0.005, 12)
    cleared = RULES.clearing(16)
    assert cleared(quiet)
    assert not RULES.suspect(quiet)
    for sign in (-1.0, 1.0):
        assert RULES.suspect(quiet + sign * 0.05)
        assert not cleared(quiet + sign * 0.05)


def test_a_duel_looks_three_times_in_a_stage_and_not_in_between() -> None:
    cleared = RULES.clearing(16)
    assert [count for count in range(1, 17) if cleared(np.zeros(count))] == [8, 12, 16]


@pytest.mark.parametrize("shape", ["normal", "heavy"])
def test_a_case_that_changed_by_the_threshold_is_hardly_ever_called_unchanged(shape: str) -> None:
    """All six looks together. With a look after every pair, each at the confidence of one, it was 8 %."""
    random = np.random.default_rng(5)
    noise = random.normal(0.0, 0.02, 4000) if shape == "normal" else 0.015 * random.standard_t(3, 4000)
    changed = {0: noise + np.log1p(RULES.threshold)}
    duels = [duel_rules.draw(changed, RULES, random, changed=changed) for _ in range(2000)]
    missed = sum(duel[0][1] == Verdict.UNCHANGED for duel in duels)
    assert missed <= 2000 * duel_rules.MISSED + 3 * (2000 * duel_rules.MISSED) ** 0.5


def test_a_case_is_suspect_beyond_two_thirds_of_the_threshold() -> None:
    scattered = np.tile([-0.02, 0.02], 7)
    assert not RULES.suspect(scattered + 0.019)
    assert RULES.suspect(scattered + 0.021)


def test_a_duel_of_unchanged_code_hardly_ever_fails() -> None:
    random, unchanged = np.random.default_rng(2), pools(0.02)
    duels = [duel_rules.draw(unchanged, RULES, random) for _ in range(200)]
    failures = sum(any(verdict == Verdict.REGRESSED for _, verdict in duel.values()) for duel in duels)
    assert failures <= 4


@pytest.mark.parametrize(("shift", "expected"), [(0.06, Verdict.REGRESSED), (-0.06, Verdict.IMPROVED)])
def test_a_true_change_is_reported_in_the_case_that_changed_and_in_no_other(shift: float, expected: Verdict) -> None:
    random, changed = np.random.default_rng(3), pools(0.01)
    changed[7] = changed[7] + shift
    for _ in range(50):
        duel = duel_rules.draw(changed, RULES, random, changed={7: changed[7]})
        assert [case for case, (_, verdict) in duel.items() if verdict == expected] == [7]
