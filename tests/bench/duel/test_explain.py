"""What a duel says of the cause of a change, called without the timing: an extra operation is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import machine
from bench.duel import explain, verdicts
from bench.duel.pair import Effort
from bench.duel.sides import Sides
from bench.process.client import Side
from report.compare.comparison import Comparison, Gate
from report.compare.explanation import Evidence, NoEvidence
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict
from report.write import comparison_files
from report.write.text import explanation
from tests.checkout import Checkout, copy_to

CPUS = machine.cpus()[:1]
EFFORT = Effort(1.0, 0.01, 120.0, 1)
NAMED = {
    "numpy": ["numpy.cos"],
    "torch-grad": ["aten.cos.default", "torch._VariableFunctionsClass.cos"],
    "jax-jit": ["stablehlo.sine"],
}
"""What names the planted cosine: the function itself, or its derivative."""


def case(backend: str) -> dict[str, Any]:
    shared = {"dtype": "float32", "device": "cpu", "steps": 5, "sizes": "", "optimizer": "sgd"}
    return {"operator": "descent", "problem": "quadratic", "backend": backend, "batch_size": 10} | shared


def regressed(backends: Iterable[str]) -> Comparison:
    """Return a comparison in which the case of each backend regressed."""
    figures = {"measure": "paired rounds", "base_seconds": 1e-6, "head_seconds": 2e-6, "ratio": 2.0}
    rows = [case(name) | figures | {"verdict": Verdict.REGRESSED, "reason": ""} for name in backends]
    return verdicts.comparison_of(rows, ("base", "head"), Rules(0.03), Gate())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the checkout whose parabola computes a cosine too, to no effect, by hand and in the loss."""
    copy = copy_to(tmp_path_factory.mktemp("planted"))
    text = (copy.path / "problems" / "quadratic.py").read_text(encoding="utf-8")
    by_hand, loss = "    return 2.0 * x - 2.0\n", "xp.sum(x * x - 2.0 * x + 5.0)\n"
    assert text.count(by_hand) == text.count(loss) == 1
    text = text.replace(by_hand, f"    np.cos(x)\n{by_hand}").replace(loss, f"{loss[:-1]} + 0.0 * xp.sum(xp.cos(x))\n")
    copy.write("problems/quadratic.py", text)
    return copy


@pytest.fixture(scope="module")
def explained(planted: Checkout) -> Comparison:
    """The evidence about the planted cosine."""
    result, ticks = regressed(NAMED), []
    cases = {number: case(name) for number, name in enumerate([*NAMED, "autograd"])}
    chosen = explain.chosen(result, cases)
    assert [one["backend"] for one in chosen] == list(NAMED)
    sides = Sides(Side(), Side(planted.path))
    found = explain.explain(sides, chosen, CPUS, EFFORT, lambda: ticks.append(1))
    assert len(ticks) == 6
    return replace(result, explanations=found)


def lines(comparison: Comparison, backend: str) -> Iterator[list[str]]:
    """Yield the lines of the tables about the case of a backend."""
    (section,) = [part for part in explanation.sections(comparison) if part.heading.startswith(backend)]
    for table in section.tables:
        yield from ([*map(str, line)] for line in zip(*(column.cells for column in table.columns), strict=True))


@pytest.mark.parametrize("backend", NAMED)
def test_a_planted_operation_is_named_as_new(explained: Comparison, backend: str) -> None:
    new = {name: head for name, base, head, change in lines(explained, backend) if (base, change) == ("0", "new")}
    for name in NAMED[backend]:
        assert new[name] == ("1" if backend == "jax-jit" else "5")  # a program of one step, or a call of five


def test_what_both_sides_have_in_common_is_not_shown(explained: Comparison) -> None:
    counts = [line for backend in NAMED for line in lines(explained, backend) if "points" not in line[3]]
    assert {line[0] for line in counts} >= {"numpy.cos", "aten.cos.default", "stablehlo.sine"}
    assert all(base != head for _, base, head, _ in counts)
    assert "Versions: the same on both sides." in explanation.opening(explained)


def test_every_form_has_the_evidence_and_it_reads_back(explained: Comparison, tmp_path: Path) -> None:
    for form in ("text", "markdown"):
        text = comparison_files.write(explained, form, 100)
        assert all(name in text.replace("\\", "") for names in NAMED.values() for name in names)
    for form, name in (("csv", "verdicts.csv"), ("json", "verdicts.json")):
        (tmp_path / name).write_text(comparison_files.write(explained, form, 80), encoding="utf-8")
    text = comparison_files.explanation_as_json(explained)
    assert text.startswith(comparison_files.EXPLANATION_BEGINS)
    (tmp_path / comparison_files.EXPLANATION).write_text(text, encoding="utf-8")
    assert comparison_files.read(tmp_path).explanations == explained.explanations
    (tmp_path / "verdicts.json").unlink()
    assert comparison_files.read(tmp_path / "verdicts.csv").explanations == explained.explanations


def test_a_side_that_is_too_old_or_fails_says_so(tmp_path: Path) -> None:
    sides = Sides(Side(tmp_path), Side())
    wrong = case("numpy") | {"problem": "quadratic", "operator": "nothing"}
    (found,) = explain.explain(sides, [wrong], CPUS, EFFORT)
    assert found.base == NoEvidence("too old", "it has no bench/case/causes")
    assert isinstance(found.head, NoEvidence)
    assert found.head.status == "unsupported"
    result = replace(regressed(["numpy"]), explanations=(replace(found, case=case("numpy")),))
    text = " ".join(comparison_files.write(result, "text", 80).split())
    assert "base: its checkout is too old to explain itself: it has no bench/case/causes" in text
    assert "head has no evidence: unsupported: numpy has no nothing" in text


def test_a_worker_that_does_not_start_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / explain.GATHERING).mkdir(parents=True)
    (found,) = explain.explain(Sides(Side(tmp_path), Side(tmp_path, "/no/python")), [case("numpy")], CPUS, EFFORT)
    assert isinstance(found.base, NoEvidence)
    assert isinstance(found.head, NoEvidence)
    assert found.head.reason.startswith("/no/python")


def test_evidence_is_complete(explained: Comparison) -> None:
    (torch,) = [one for one in explained.explanations or () if one.case["backend"] == "torch-grad"]
    assert isinstance(torch.head, Evidence)
    assert 0.9 <= sum(share.median for share in torch.head.shares.values()) <= 1.0
    assert torch.head.compile_seconds > 0
    assert {"numpy", "python", "torch"} <= set(torch.head.versions)
    assert torch.head.unread == ""
