"""What differs between the evidence of two sides: only what moved by enough, the largest difference first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from report.compare import explanation
from report.compare.explanation import Change, Evidence, Explained, NoEvidence, Share


def evidence(**parts: Any) -> Evidence:
    whole: dict[str, Any] = {"calls": {}, "shares": {}, "operations": {}, "unread": "", "compile_seconds": 0.0}
    return Evidence(**(whole | {"peak_bytes": None, "versions": {}} | parts))


def test_counts_that_differ_are_listed_by_how_much() -> None:
    base = {"same": 3, "gone": 2, "fewer": 30, "more": 1}
    head = {"same": 3, "new": 2, "fewer": 20, "more": 4}
    assert explanation.changed(base, head) == [
        Change("fewer", 30, 20),
        Change("more", 1, 4),
        Change("gone", 2, 0),
        Change("new", 0, 2),
    ]
    assert explanation.changed(base, dict(reversed(base.items()))) == []


def test_a_share_has_to_move_by_two_points_and_beyond_every_profile_of_the_other_side() -> None:
    base = {"a": (0.50, 0.49, 0.51), "b": (0.20, 0.20, 0.20), "c": (0.10, 0.09, 0.11), "e": (0.3, 0.2, 0.5)}
    head = {"a": (0.46, 0.45, 0.47), "b": (0.21, 0.21, 0.21), "d": (0.05, 0.04, 0.06), "e": (0.6, 0.4, 0.7)}
    moved = explanation.moved(
        *(evidence(shares={key: Share(*of) for key, of in side.items()}) for side in (base, head))
    )
    assert moved == [Change("c", 0.10, 0), Change("d", 0, 0.05), Change("a", 0.50, 0.46)]


@pytest.mark.parametrize(
    ("base", "head", "shown"), [(0.1, 0.2, True), (0.2, 0.1, True), (1.0, 1.2, False), (0.001, 0.009, False)]
)
def test_compile_time_has_to_differ_by_a_factor_and_by_seconds(base: float, head: float, *, shown: bool) -> None:
    found = explanation.compiling(evidence(compile_seconds=base), evidence(compile_seconds=head))
    assert (found is not None) == shown


@pytest.mark.parametrize(
    ("base", "head", "shown"),
    [(100, 120, True), (120, 100, True), (100, 105, False), (None, 9, False), (9, None, False)],
)
def test_peak_memory_has_to_differ_by_a_factor(base: int | None, head: int | None, *, shown: bool) -> None:
    found = explanation.peak(evidence(peak_bytes=base), evidence(peak_bytes=head))
    assert (found is not None) == shown


def test_only_levels_that_both_sides_have_are_compared() -> None:
    base = evidence(operations={"StableHLO": {"add": 1}})
    head = evidence(operations={"StableHLO": {"add": 2}, "XLA": {"add": 1}})
    assert dict(explanation.operations(base, head)) == {"StableHLO": [Change("add", 1, 2)]}


def test_versions_that_differ_have_both_or_none() -> None:
    base, head = evidence(versions={"a": "1", "b": "1"}), evidence(versions={"a": "2", "b": "1", "c": "3"})
    assert explanation.versions(Explained({}, base, head)) == [("a", "1", "2"), ("c", "", "3")]
    assert explanation.versions(Explained({}, base, NoEvidence("too old", ""))) == []


def test_evidence_survives_json() -> None:
    known = evidence(calls={"f": 1}, shares={"f": Share(0.5, 0.4, 0.6)})
    whole = Explained({"backend": "numpy"}, known, NoEvidence("crashed", "by SIGSEGV"))
    assert explanation.explained_in(json.loads(json.dumps(explanation.as_message(whole)))) == whole
