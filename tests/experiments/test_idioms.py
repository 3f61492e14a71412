"""The other ways to write a mode, which the experiment holds it against, are right: else they would have no time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import backends
from bench.case import prepare
from problems import find

for framework in ("torch", "jax", "autograd"):
    pytest.importorskip(framework, reason="the experiment compares all frameworks, and needs them")

from experiments.idioms.__main__ import ALTERNATIVES  # noqa: E402 (it imports all of them)

FOUND = backends.load()
WAYS = [(mode, operator, way) for mode, by in ALTERNATIVES.items() for operator, ways in by.items() for way in ways]


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # torch.func.linearize, of itself
@pytest.mark.parametrize(("name", "operator", "way"), WAYS)
def test_another_way_is_right(name: str, operator: str, way: str) -> None:
    mode: Any = FOUND.backends[name]
    problem = find("softmax_mlp" if name == "torch-fused" else "quadratic")
    case = backends.Case(operator, problem.name, name, 7, "float32", "cpu", 10 if operator == "descent" else 1)
    if (refused := prepare.refusal(case, mode, problem)) is not None:
        pytest.skip(refused[1])
    other = replace(mode, builders={operator: ALTERNATIVES[name][operator][way]})
    prepare.prepare(case, other, problem)
