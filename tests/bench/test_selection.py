"""Which backends and batch sizes a selection contains."""

from __future__ import annotations

import pytest

import backends
import problems
from bench import inventory
from bench.case import prepare
from bench.selection import SelectionError, select
from report.table.keys import framework

FOUND = backends.load()


def raced(operator: str, problem: str) -> set[str]:
    selection = select({"operator": operator, "problem": problem, "batch_size": "1", "device": "cpu"})
    return {case.backend for case in selection.cases}


@pytest.mark.parametrize(
    ("name", "operator", "problem"),
    [
        ("jax-revrev", "hvp", "quadratic"),
        ("autograd-fwdrev", "hvp", "quadratic"),
        ("autograd-losses", "descent", "softmax_mlp"),
        ("torch-fused", "descent", "softmax_mlp"),
        ("jax-scan", "gradient", "rnn"),
    ],
)
def test_a_mode_for_a_few_cases_is_in_all_only_if_such_a_case_is_selected(
    name: str, operator: str, problem: str
) -> None:
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[framework(name)])
    assert name in raced(operator, problem)
    assert name not in raced("descent", "quadratic")
    assert name in raced("descent,hvp", "quadratic,rnn,softmax_mlp")


def test_a_problem_is_raced_at_its_own_batch_sizes_unless_some_are_typed() -> None:
    own = select({"problem": "quadratic,rnn", "backend": "numpy", "device": "cpu"}).cases
    assert [case.batch_size for case in own if case.problem == "quadratic"] == [1, 100, 10_000, 1_000_000]
    assert [case.batch_size for case in own if case.problem == "rnn"] == [1, 30, 1_000]
    typed = select({"problem": "quadratic,rnn", "backend": "numpy", "device": "cpu", "batch_size": "7,3,7"}).cases
    assert [(case.problem, case.batch_size) for case in typed] == [
        ("quadratic", 7),
        ("quadratic", 3),
        ("rnn", 7),
        ("rnn", 3),
    ]


def test_a_mode_selected_by_name_has_a_row_with_a_reason_if_it_lacks_the_problem() -> None:
    if "torch-fused" not in FOUND.backends:
        pytest.skip(FOUND.missing["torch"])
    (case,) = select({"backend": "torch-fused", "batch_size": "1", "device": "cpu"}).cases
    reason = FOUND.backends["torch-fused"].unsupported(case, problems.load()["quadratic"])
    assert reason is not None
    assert "quadratic" in reason
    assert "log_sum_exp, logistic" in reason


def test_a_missing_framework_that_is_named_is_an_error() -> None:
    missing = inventory.of(backends.Found({}, {"torch": "torch is not installed"}))
    with pytest.raises(SelectionError, match="backend 'torch-optim': torch is not installed"):
        select({"backend": "torch-optim"}, lambda _: missing)


def test_a_missing_compiler_is_a_reason_and_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if "torch-compile-step" not in FOUND.backends:
        pytest.skip(FOUND.missing["torch"])
    monkeypatch.setenv("CXX", "no-such-compiler")
    (case,) = select({"backend": "torch-compile-step", "batch_size": "1", "device": "cpu"}).cases
    refused = prepare.find_refusal(case, FOUND)
    assert refused is not None
    assert refused.status == "unsupported"
    assert "there is no 'no-such-compiler'; install g++, or set CXX" in refused.reason
