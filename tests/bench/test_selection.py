"""Which backends and batch sizes a selection contains."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

import backends
import problems
from bench import inventory
from bench.case import prepare
from bench.inventory import Description, Inventory
from bench.selection import SelectionError, select
from report.table.keys import framework

FOUND = backends.load()

MOST_SIDE_BY_SIDE = 10


class Mine(backends.Backend):
    name = "mine"
    builders = MappingProxyType({"descent": backends.eager(lambda _: lambda x: x)})

    def version(self) -> str:
        return "1"


def raced(operator: str, problem: str, words: str | None = "all") -> set[str]:
    selection = select({"operator": operator, "problem": problem, "backend": words, "batch_size": "1", "device": "cpu"})
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


def test_a_mode_for_a_device_that_is_not_here_is_in_all_only_where_it_is() -> None:
    """By name, it has a row with the reason. The mode of a user's file has one in any case."""
    lacking = {"cuda": "no CUDA device"}
    modes = (
        Description("numpy", ("descent",), (), ("cpu",)),
        Description("torch-optim", ("descent",), (), ("cpu", "cuda"), lacking),
        Description("torch-cudagraph", ("descent",), (), ("cuda",), lacking),
        Description("torch-raises", ("descent",), (), ("cuda",), lacking, ("cuda",)),
        Description("mine", ("descent",), (), ("cuda",), lacking, (), "mine_modes.py"),
    )

    def raced_of(words: str, modes: tuple[Description, ...]) -> set[tuple[str, str]]:
        found = Inventory({mode.name: mode for mode in modes})
        options = {"backend": words, "batch_size": "1"}
        return {(case.backend, case.device) for case in select(options, lambda _: found).cases}

    expected = {
        (name, device) for name in ("numpy", "torch-optim", "torch-raises", "mine") for device in ("cpu", "cuda")
    }
    assert raced_of("all", modes) == expected
    assert ("torch-cudagraph", "cuda") in raced_of("torch-cudagraph", modes)
    there = (*modes[:2], replace(modes[2], missing_devices={}))
    assert ("torch-cudagraph", "cuda") in raced_of("all", there)


@pytest.mark.parametrize("operator", ["descent", "hvp"])
def test_the_default_is_what_the_modes_say_that_are_in_all(operator: str) -> None:
    everything = raced(operator, "quadratic")
    missing = everything - {*FOUND.backends}
    said = {name for name in everything - missing if FOUND.backends[name].in_default}
    assert {"numpy"} < said < everything - missing
    assert raced(operator, "quadratic", None) == raced(operator, "quadratic", "default") == said | missing


def test_the_default_is_few_enough_to_see_side_by_side() -> None:
    usual = {name for name in FOUND.backends if framework(name) in {"numpy", "autograd", "jax", "torch"}}
    for name in problems.load():
        assert len(usual & raced("descent", name, None)) <= MOST_SIDE_BY_SIDE


def test_default_and_all_may_be_among_other_words() -> None:
    assert raced("descent", "quadratic", "default,torch-func") == raced("descent", "quadratic", None) | {"torch-func"}
    assert raced("descent", "quadratic", "numpy,all") == raced("descent", "quadratic")


def test_a_mode_of_a_file_that_does_not_say_is_in_the_default() -> None:
    found = inventory.of(backends.Found({"mine": Mine()}))
    (case,) = select({"batch_size": "1", "device": "cpu"}, take=lambda _: found).cases
    assert case.backend == "mine"


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


def test_a_descent_is_raced_by_each_optimizer_and_the_other_operators_once() -> None:
    options = {"operator": "gradient,descent", "optimizer": "sgd,adam", "backend": "numpy", "batch_size": "1"}
    cases = select({**options, "device": "cpu"}).cases
    assert [(case.operator, case.optimizer) for case in cases] == [
        ("gradient", ""),
        ("descent", "sgd"),
        ("descent", "adam"),
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"optimizer": "adma"}, "unknown optimizer 'adma' .did you mean 'adam'"),
        ({"optimizer": "adam", "operator": "gradient"}, "only a descent has one; add descent to --operator"),
    ],
)
def test_an_optimizer_that_cannot_be_is_refused(options: dict[str, str | None], told: str) -> None:
    with pytest.raises(SelectionError, match=told):
        select(options | {"backend": "numpy"})


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
