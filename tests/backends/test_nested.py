"""Nested parameters: every backend and operator takes dicts, lists, tuples and named tuples of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

import backends
from backends import Case
from bench.case import prepare
from bench.case.measure import Timing
from bench.case.rounds import Budget
from bench.case.row import checked
from problems import PAIR, Problem
from tests.backends.test_contract import FOUND, STEPS, label, quick, require_contract
from tests.nested import NESTED

COMPILED = {("in_lists", "hvp", "float64"), ("in_named", "descent", "float32")}
"""The cases of torch's compiler, which takes seconds for each."""

PAIRED = {"in_lists": "float64", "in_named": "float32"}
"""The dtype of a value and a gradient from one pass, which run the code of the gradient."""


def supported() -> Iterator[Case]:
    for name, problem, operator, dtype in product(FOUND.backends, NESTED, backends.OPERATORS, backends.DTYPES):
        case = Case(operator, problem, name, 7, dtype, "cpu", STEPS)
        chosen = quick(name) or (problem, operator, dtype) in COMPILED
        chosen &= operator != PAIR or PAIRED[problem] == dtype
        if chosen and prepare.refusal(case, FOUND.backends[name], NESTED[problem]) is None:
            yield case


@pytest.mark.parametrize("case", [*supported()], ids=label)
def test_a_backend_keeps_the_contract_on_nested_parameters(case: Case) -> None:
    require_contract(case, FOUND.backends[case.backend], NESTED[case.problem])


@pytest.mark.parametrize("problem", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("name", ["numpy", "jax-jit", "torch-grad"])
def test_the_race_has_every_figure_of_a_nested_problem(name: str, problem: Problem) -> None:
    """In 32 bits, JAX makes int32 of the integers: the check of the arrays on the device accepts that."""
    if name not in FOUND.backends:
        pytest.skip(str(FOUND.missing))
    case = Case("descent", problem.name, name, 50, "float32", "cpu", 20)
    prepared = prepare.prepare(case, FOUND.backends[name], problem)
    timing = Timing(prepared, Budget(1e-4, 1e-3, 2, memory=False), ())
    timing.begin()
    for _ in range(timing.rounds.rounds):
        timing.round()
    assert checked(prepared)["parameters"] == 8
    warned = timing.finish()["warnings"]
    assert "no " not in warned, warned
