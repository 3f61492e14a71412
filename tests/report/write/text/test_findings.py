"""Every note and every reason of a comparison has words."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from report.compare import findings
from report.write.text.findings import text

KINDS = sorted({*get_args(findings.Note), *get_args(findings.Reason)}, key=lambda kind: kind.__name__)

VALUES: dict[Any, Any] = {
    str: "a word",
    int: 2,
    float: 1.05,
    tuple[str, ...]: ("1.0", "2.0"),
    tuple[tuple[str, str, str], ...]: (("base", "oom", "killed"), ("head", "crashed", "SIGSEGV")),
}
"""A value for each type that a field of a finding may have."""


def example(kind: Any, *, flag: bool) -> Any:
    """Return a finding of this kind, with `flag` as the value of all its flags."""
    if kind is bool:
        return flag
    if kind in VALUES:
        return VALUES[kind]
    return kind(**{name: example(hint, flag=flag) for name, hint in get_type_hints(kind).items()})


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_finding_has_a_sentence(kind: Any, flag: bool) -> None:  # noqa: FBT001 (a parameter)
    sentence = text(example(kind, flag=flag))
    assert sentence.strip()
    assert "\n" not in sentence


def test_a_finding_without_words_is_an_error() -> None:
    with pytest.raises(TypeError, match="no words for 1"):
        text(1)


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        ("read from a file", "read from a file"),
        (
            findings.Differs("python", ("3.11",), ("3.12", "3.13")),
            "python differs: '3.11' on base, '3.12', '3.13' on head",
        ),
        (
            findings.SharedLaunches(1, "nightly"),
            "1 launch is on both sides (run 'nightly') and compared with themselves",
        ),
        (
            findings.Inconclusive(1, pairs=True),
            "1 case is inconclusive: more pairs narrow the intervals (--pairs; for suspects --fresh-pairs)",
        ),
        (
            findings.Control(findings.Range(0.99, 0.99, 0.99, 1), moved=False),
            "the machine held still: hand-derived NumPy took ×0.990 as long in head as in base",
        ),
        (findings.NoTime("crashed", "SIGSEGV", 1, 4), "crashed in 1 of 4 launches: SIGSEGV"),
        (findings.NoTime("oom", "killed", 4, 4, in_base=True), "in base oom: killed"),
        (
            findings.Remeasured(1.043, 16),
            "suspect at ×1.043 in the first stage; this is what 16 fresh pairs say",
        ),
        (
            findings.SidesFailed((("base", "oom", "killed"), ("head", "crashed", "SIGSEGV"))),
            "base: oom: killed; head: crashed: SIGSEGV",
        ),
    ],
)
def test_a_finding_says_what_was_measured(finding: findings.Note | findings.Reason, sentence: str) -> None:
    assert text(finding) == sentence


def test_ratios_of_several_cases_are_given_with_their_range() -> None:
    assert "moved, ×1.200 (×0.990 to ×1.450, 4 cases): " in text(
        findings.ControlRatioMoved(findings.Range(1.2, 0.99, 1.45, 4))
    )
