"""The other ways to write a mode, which the experiment holds it against, are right: else they would have no time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import backends
from bench import measure
from experiments.idioms.__main__ import ALTERNATIVES
from problems import find

FOUND = backends.load()
WAYS = [(mode, operator, way) for mode, by in ALTERNATIVES.items() for operator, ways in by.items() for way in ways]


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # torch.func.linearize, of itself
@pytest.mark.parametrize(("name", "operator", "way"), WAYS)
def test_another_way_is_right(name: str, operator: str, way: str) -> None:
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[name.partition("-")[0]])
    mode: Any = FOUND.backends[name]
    problem = find("quadratic")
    case = backends.Case(operator, "quadratic", name, 7, "float32", "cpu", 10 if operator == "descent" else 1)
    if (refused := measure.refusal(case, mode, problem)) is not None:
        pytest.skip(refused[1])
    other = replace(mode, builders={operator: ALTERNATIVES[name][operator][way]})
    measure.prepare(case, other, problem)
