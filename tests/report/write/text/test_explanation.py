"""The evidence in words: what differs, how much of it is left out, and that nothing differs."""

from __future__ import annotations

from dataclasses import replace

from report.compare.explanation import Evidence, Explained, NoEvidence, Share
from report.statistics.verdict import Verdict
from report.write import comparison_files
from report.write.text import explanation
from tests.report.compare.test_explanation import evidence
from tests.report.write.text.test_comparison import case, compared

CASE = {"backend": "jax-jit"}


def text(base: Evidence | NoEvidence, head: Evidence | NoEvidence) -> str:
    """Return what a terminal shows of the evidence, on one line."""
    regressed = compared(case(backend="jax-jit", ratio=1.5, verdict=Verdict.REGRESSED), case(backend="numpy"))
    explained = replace(regressed, explanations=(Explained(CASE, base, head),))
    shown = comparison_files.write(explained, "text", 100).partition(explanation.OPENING[:40])[2]
    return " ".join(shown.split())


def test_it_names_what_is_new_gone_or_more_often() -> None:
    base = evidence(calls={"a": 1, "b": 2}, operations={"StableHLO": {"add": 3}})
    head = evidence(calls={"a": 1, "c": 1_000}, operations={"StableHLO": {"add": 5}})
    shown = text(base, head)
    assert "jax-jit, regressed: what differs" in shown
    assert "c 0 1,000 new" in shown
    assert "b 2 0 gone" in shown
    assert "operations: StableHLO base head change" in shown
    assert "add 3 5 +2" in shown
    assert " a 1 1" not in shown


def test_it_says_that_nothing_differs() -> None:
    same = evidence(calls={"a": 1}, operations={"StableHLO": {"add": 3}}, peak_bytes=100)
    looked_at = "calls in one call, operations: StableHLO, share of the profile, peak memory, compile time"
    assert text(same, same).endswith(f"- nothing differs: {looked_at}")


def test_it_shows_the_largest_differences_and_counts_the_rest() -> None:
    head = evidence(calls={f"f{number}": number for number in range(1, 26)})
    shown = text(evidence(), head)
    assert "f25 0 25 new" in shown
    assert "f16 0 16 new" in shown
    assert "f15 0" not in shown
    assert "calls in one call: 15 more differ; explanation.json has all" in shown


def test_it_has_the_share_the_compilation_and_the_memory_that_moved() -> None:
    base = evidence(shares={"f": Share(0.10, 0.09, 0.12)}, compile_seconds=0.1, peak_bytes=1024)
    moved = {"f": Share(0.25, 0.20, 0.30)}
    shown = text(base, evidence(shares=moved, compile_seconds=0.3, peak_bytes=4096, unread="KeyError: 'x'"))
    assert "f 10 % 25 % +15 points" in shown
    assert "compile time: 100 ms in base, 300 ms in head, clocked once each" in shown
    assert "peak memory: 1.00 KiB in base, 4.00 KiB in head" in shown
    assert "head: the operations could not be read: KeyError: 'x'" in shown


def test_it_names_the_versions_that_differ() -> None:
    many = {f"p{number:02}": "1" for number in range(25)}
    base, head = evidence(versions={"jax": "0.8.0", **many}), evidence(versions={"jax": "0.10.2"})
    shown = text(base, head)
    assert "Versions that differ: jax 0.8.0 → 0.10.2, p00 1 → none, " in shown
    assert "and 6 more in explanation.json" in shown


def test_nothing_regressed_and_nothing_asked_are_not_the_same() -> None:
    calm = compared(case(backend="numpy"))
    assert explanation.NOTHING not in comparison_files.write(calm, "text", 80)
    asked = replace(calm, explanations=())
    for form in ("text", "markdown"):
        assert explanation.NOTHING in comparison_files.write(asked, form, 80)


def test_a_name_cannot_be_markup_in_markdown() -> None:
    regressed = compared(case(backend="jax-jit", ratio=1.5, verdict=Verdict.REGRESSED))
    head = evidence(calls={"mine.py:<lambda>": 1, "</details>@all": 2})
    shown = comparison_files.write(
        replace(regressed, explanations=(Explained(CASE, evidence(), head),)), "markdown", 80
    )
    assert "mine.py:&lt;lambda&gt;" in shown
    assert shown.count("</details>") == 2
    assert "@all" not in shown
