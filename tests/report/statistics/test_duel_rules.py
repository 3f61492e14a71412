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
    quiet = np.random.default_rng(0).normal(0.0, 0.005, 14)
    assert RULES.clearing(CASES)(quiet)
    assert not RULES.suspect(quiet)
    for sign in (-1.0, 1.0):
        assert RULES.suspect(quiet + sign * 0.05)
        assert not RULES.clearing(CASES)(quiet + sign * 0.05)


def test_a_case_is_suspect_beyond_two_thirds_of_the_threshold() -> None:
    exact = np.zeros(14)
    assert not RULES.suspect(exact + 0.019)
    assert RULES.suspect(exact + 0.021)


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
