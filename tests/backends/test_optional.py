"""Frameworks that are optional: in nobody's way who lacks them, and named in one line to who asks for them."""

from __future__ import annotations

import importlib.util
import sys

import pytest

import backends
import problems
from backends import Case
from bench.inventory import Description

OPTIONAL = {"casadi", "numba", "tensorflow"}


@pytest.mark.parametrize("spec", [None, object()], ids=["missing", "installed"])
def test_all_has_an_optional_framework_only_if_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, spec: object | None
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    usual = {*backends.usual_frameworks()}
    assert usual >= {"autograd", "jax", "numpy", "torch"}
    assert usual & OPTIONAL == (set() if spec is None else OPTIONAL)
    assert {*backends.frameworks()} >= OPTIONAL


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_a_missing_optional_framework_has_a_reason_with_the_command(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")  # importing the file sets it otherwise
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"backends.{name}_modes", raising=False)
    reason = f"{name} is not installed; pip install -c constraints.txt '.[{name}]'"
    assert backends.load((name,)).missing == {name: reason}


def test_all_has_a_mode_only_if_it_computes_in_a_chosen_dtype() -> None:
    mode = Description("casadi-step", ("descent",), (), ("cpu",), dtypes=("float64",))
    assert mode.offers(["descent"], ["quadratic"], ["float32", "float64"])
    assert not mode.offers(["descent"], ["quadratic"], ["float32"])


def test_a_dtype_that_a_framework_lacks_is_a_reason() -> None:
    found = backends.load(("casadi",))
    if found.missing:
        pytest.skip(found.missing["casadi"])
    backend, case = found.backends["casadi-step"], backends.Case("value", "rnn", "casadi-step", 1, "float32", "cpu", 1)
    assert backend.unsupported(case, problems.load()["quadratic"]) == "casadi computes in float64 only"


def test_without_optax_its_losses_are_unsupported_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = backends.load(("jax",))
    if found.missing:
        pytest.skip(found.missing["jax"])
    monkeypatch.setitem(sys.modules, "optax", None)
    mode = found.backends["jax-losses"]
    reasons = {
        name: mode.unsupported(Case("gradient", name, mode.name, 1, "float32", "cpu", 1), problems.load()[name])
        for name in mode.losses
    }
    reason = "the loss of softmax_mlp is optax's, which is not installed; pip install -c constraints.txt '.[optax]'"
    assert {name: text for name, text in reasons.items() if text} == {"softmax_mlp": reason}


@pytest.mark.parametrize(
    ("name", "of_optax"), [("jax-jit", {"momentum", "adam"}), ("jax-loop", {"momentum", "adam", "lbfgs"})]
)
def test_without_optax_its_optimizers_are_unsupported(
    monkeypatch: pytest.MonkeyPatch, name: str, of_optax: set[str]
) -> None:
    found = backends.load(("jax",))
    if found.missing:
        pytest.skip(found.missing["jax"])
    monkeypatch.setitem(sys.modules, "optax", None)
    for optimizer in problems.OPTIMIZERS:
        case = Case("descent", "quadratic", name, 1, "float32", "cpu", 1, optimizer=optimizer)
        missing = (
            f"the {optimizer} of {name} is optax's, which is not installed; pip install -c constraints.txt '.[optax]'"
        )
        reason = found.backends[name].unsupported(case, problems.load()["quadratic"])
        assert reason == (missing if optimizer in of_optax else None)
