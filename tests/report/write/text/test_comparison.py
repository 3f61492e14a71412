"""A comparison for people: its tables, and what it says above and below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from report.compare.comparison import COMPARISON_COLUMNS, Comparison, worst_first
from report.compare.findings import Inconclusive, Note, NoTime
from report.statistics.verdict import Verdict
from report.table.keys import CASE
from report.write.text import comparison as texts
from tests import rows

Case = dict[str, Any]


def case(ratio: float | None = 1.0, verdict: Verdict = Verdict.UNCHANGED, **others: Any) -> Case:
    """Return the row of a case in a comparison. Without a ratio it has no time in head."""
    key = {name: rows.PLAIN[name] for name in CASE}
    row: Case = dict.fromkeys(COMPARISON_COLUMNS) | {"verdict": verdict, "reason": "", "base_seconds": 1e-3}
    if ratio is not None:
        row |= {"head_seconds": ratio * 1e-3, "ratio": ratio, "low": 0.98 * ratio, "high": 1.02 * ratio}
    return key | row | others


def logistic(**others: Any) -> Case:
    return case(problem="logistic", sizes="dimension=16", **others)


def compared(*cases: Case, notes: Sequence[Note] = ()) -> Comparison:
    """Return the comparison with these cases."""
    frame = pd.DataFrame(cases)
    figures = frame[["base_seconds", "head_seconds", "ratio", "low", "high"]].astype(float)
    return Comparison(worst_first(frame.assign(**figures)), "old", "new", 0.1, 0.98, notes=list(notes))


def test_each_problem_has_a_table_and_the_problem_with_the_worst_case_comes_first() -> None:
    slower = logistic(ratio=1.5, verdict=Verdict.REGRESSED, backend="jax-jit")
    text = texts.text(compared(case(backend="jax-jit"), case(backend="numpy"), slower, logistic(backend="numpy")), 80)
    lines = text.splitlines()
    first, second = lines.index("logistic (dimension=16)"), lines.index("quadratic")
    assert first < second
    assert [line.split()[0] for line in lines[first + 4 : first + 6]] == ["jax-jit", "numpy"]
    assert [line.split()[0] for line in lines[second + 4 : second + 6]] == ["jax-jit", "numpy"]
    assert sum(line.startswith("backend ") for line in lines) == 2


def test_a_single_problem_has_no_heading_and_is_named_above_the_table() -> None:
    lines = texts.text(compared(case(backend="a"), case(backend="b")), 80).splitlines()
    assert "cases: operator descent, problem quadratic, dtype float32, device cpu, steps 100" in lines
    assert "quadratic" not in lines


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({}, "Times are of a descent of 100 steps."),
        ({"steps": 5}, "Times are of a whole descent."),
        ({"operator": "gradient", "steps": 1}, "Times are of one call."),
    ],
)
def test_the_text_says_what_the_times_are_of(others: Case, sentence: str) -> None:
    text = texts.text(compared(case(), case(backend="b", **others)), 80)
    assert sentence in " ".join(text.split())


def test_a_case_without_a_time_is_named_with_its_reason_but_has_no_row_in_a_table() -> None:
    untimed = case(None, Verdict.UNTIMED, backend="torch-optim", reason=NoTime("oom", "killed", 5, 5))
    lines = texts.text(compared(case(), untimed), 80).splitlines()
    assert "- untimed: torch-optim: oom: killed" in lines
    assert not [line for line in lines if line.startswith("torch-optim")]


def test_cases_with_the_same_reason_share_a_line() -> None:
    reason = NoTime("crashed", "SIGSEGV", 1, 5)
    cases = [case(None, Verdict.FAILED, backend=name, reason=reason) for name in "abcde"]
    text = texts.text(compared(case(), *cases), 80)
    assert "- failed: 5 cases of a, b, c and 2 more: crashed in 1 of 5 launches: SIGSEGV" in " ".join(text.split())


def test_notes_are_below_the_tables() -> None:
    text = texts.text(compared(case(), notes=[Inconclusive(1)]), 80)
    assert text.index("unchanged") < text.index("- 1 case is inconclusive") < text.index("geometric mean")


def test_markdown_without_a_case_that_moved_begins_with_the_outcome_and_folds_the_rest() -> None:
    assert texts.markdown(compared(case())).splitlines()[2:5] == [
        "**Nothing got slower in 1 case (threshold 10 %).**",
        "",
        "<details><summary>1 unchanged (threshold 10 %): all cases, with notes</summary>",
    ]
