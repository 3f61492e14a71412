"""A comparison in one line."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from report.compare.comparison import Comparison
from report.statistics.verdict import Verdict
from report.write.headline import headline, name_of

KEY = ("operator", "backend", "batch_size")


def compared(*verdicts: Verdict, threshold: float = 0.1) -> Comparison:
    """Return a comparison of cases with these verdicts, whose head takes 1.3 times as long as base."""
    rows = [
        {"operator": "descent", "backend": "jax-jit", "batch_size": 10**number, "verdict": verdict}
        | {"ratio": 1.3, "low": 1.2, "high": 1.4}
        for number, verdict in enumerate(verdicts)
    ]
    return Comparison(pd.DataFrame(rows), "base", "head", threshold, 0.98, key=KEY)


REGRESSED, FAILED, MISSING = Verdict.REGRESSED, Verdict.FAILED, Verdict.MISSING
INCONCLUSIVE, IMPROVED, UNCHANGED = Verdict.INCONCLUSIVE, Verdict.IMPROVED, Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ([UNCHANGED] * 2, "Nothing got slower in 2 cases (threshold 10 %)."),
        ([IMPROVED, INCONCLUSIVE], "Nothing got slower in 2 cases; 1 improved; 1 inconclusive (threshold 10 %)."),
        ([INCONCLUSIVE] * 3, "Nothing can be said: 3 cases, all inconclusive (threshold 10 %)."),
        (
            [REGRESSED, UNCHANGED],
            "1 case regressed, worst jax-jit at 1 ×1.300 [1.200, 1.400] (threshold 10 %).",
        ),
        ([FAILED, MISSING, UNCHANGED], "1 case failed; 1 case is missing (threshold 10 %)."),
        ([MISSING] * 2 + [INCONCLUSIVE], "2 cases are missing; 1 inconclusive (threshold 10 %)."),
    ],
)
def test_the_headline_says_what_failed_or_that_nothing_got_slower(verdicts: list[Verdict], text: str) -> None:
    assert headline(compared(*verdicts)) == text


def test_a_threshold_that_is_not_known_is_left_out() -> None:
    assert headline(compared(UNCHANGED, threshold=math.nan)) == "Nothing got slower in 1 case."


def test_a_case_is_named_by_its_backend_and_by_what_varies() -> None:
    alone, two = compared(UNCHANGED), compared(UNCHANGED, UNCHANGED)
    assert name_of(alone, alone.rows.iloc[0]) == "jax-jit"
    assert name_of(two, two.rows.iloc[1]) == "jax-jit at 10"


def test_without_backends_a_single_case_is_named_by_its_batch_size() -> None:
    rows = pd.DataFrame([{"operator": "descent", "batch_size": 1000}])
    comparison = Comparison(rows, "a", "b", 0.1, 0.98, key=("operator", "batch_size"))
    assert name_of(comparison, rows.iloc[0]) == "at 1,000"
