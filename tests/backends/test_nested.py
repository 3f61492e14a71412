"""Nested parameters: every backend and operator takes dicts, lists, tuples and named tuples of arrays.

Without `--every-dtype` a backend has one dtype for one nesting and the other for the other, and the next backend has
them the other way round. A mode of JAX has each of its operators in one of the two nestings, and the next operator in
the other: how a builder flattens its parameters is the same for every nesting.
"""

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
from problems import Problem
from report.table.keys import framework
from tests.backends.test_contract import FOUND, STEPS, is_only_traced, label, quick, require_contract
from tests.nested import NESTED
from tests.torch_compiler import without_kernels

COMPILED = {("in_lists", "hvp", "float64"), ("in_named", "descent", "float32")}
"""The cases of torch's compiler, which takes seconds for each."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", [*supported(every_dtype=metafunc.config.getoption("every_dtype"))], ids=label)


def supported(*, every_dtype: bool) -> Iterator[Case]:
    """Yield every backend × nesting × operator that is supported."""
    operators = enumerate(backends.OPERATORS)
    grid = product(enumerate(FOUND.backends), enumerate(NESTED), operators, enumerate(backends.DTYPES))
    for (layer, name), (row, problem), (column, operator), (number, dtype) in grid:
        case = Case(operator, problem, name, 7, dtype, "cpu", STEPS)
        due = number == (layer + row) % len(backends.DTYPES) and (framework(name) != "jax" or (row + column) % 2 == 0)
        chosen = every_dtype or due if quick(name) else (problem, operator, dtype) in COMPILED
        if chosen and prepare.refusal(case, FOUND.backends[name], NESTED[problem]) is None:
            yield case


def test_a_backend_keeps_the_contract_on_nested_parameters(
    case: Case, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if is_only_traced(case, request.config):
        without_kernels(monkeypatch)
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
