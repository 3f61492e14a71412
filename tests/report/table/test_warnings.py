"""The column `warnings`: its text holds every warning of a row, and gives them back."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from report import table
from report.table.warnings import AuditWarning, join, split
from tests import rows

NAMES = st.from_regex(r"[a-z_]+( [a-z_]+)*", fullmatch=True)
WORDS = st.text(st.characters(exclude_characters=";", exclude_categories=("Cc", "Z"))).filter(lambda word: word.strip())
REMEDIES = st.lists(WORDS, min_size=1).map(" ".join)


@given(st.lists(st.builds(AuditWarning, NAMES, REMEDIES), unique=True))
def test_split_is_the_inverse_of_join(warnings: list[AuditWarning]) -> None:
    assert split(join(warnings)) == warnings


@given(st.lists(st.builds(AuditWarning, NAMES, st.text())))
def test_any_remedy_leaves_the_names_as_they_are(warnings: list[AuditWarning]) -> None:
    text = join(warnings)
    assert {warning.name for warning in split(text)} == {warning.name for warning in warnings}
    assert join(split(text)) == text


def test_a_semicolon_in_a_remedy_becomes_a_comma() -> None:
    assert join([AuditWarning("unstable", "quiet the\nmachine; or wait")]) == "unstable: quiet the machine, or wait"


def test_a_warning_is_kept_once() -> None:
    assert join(2 * [AuditWarning("recompiled", "give it one shape")]) == "recompiled: give it one shape"


def test_a_row_without_warnings_has_an_empty_text() -> None:
    assert join([]) == ""
    assert split("") == []


def test_warnings_come_back_from_a_csv(tmp_path: Path) -> None:
    warnings = [
        AuditWarning("unstable", "quiet the machine"),
        AuditWarning("dtype drifted", 'look for "1.0": a float64'),
    ]
    frame = table.read(rows.write(tmp_path / "run.csv", [rows.row(warnings=join(warnings))]))
    assert split(frame["warnings"].iloc[0]) == warnings
