"""Numba's modes: the gradients that they compile are the hand-derived ones, and what cannot be compiled has a reason.

With Numba, `test_contract.py` holds both modes to every problem. Without it, the gradients run here as Python.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Backend, Case
from backends.parts.numba_gradients import GRADIENTS
from bench.case import prepare
from bench.case.check import errors
from problems import Array, Data, Parameters, tree_leaves
from tests.nested import NESTED


@pytest.mark.parametrize("dtype", backends.DTYPES)
@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_for_numba_is_the_hand_derived_one_in_the_dtype_of_the_arrays(name: str, dtype: str) -> None:
    problem = problems.load()[name]
    x, data = problems.instance(problem, 5, dtype)
    gradient: Any = GRADIENTS[name](x, data)
    assert {str(array.dtype) for array in tree_leaves(gradient)} == {dtype}
    assert errors.relative_error(gradient, problem.gradient(x, data)) <= errors.tolerance(dtype) / 100


@pytest.fixture
def loop() -> Backend:
    found = backends.load(("numba",))
    if found.missing:
        pytest.skip(found.missing["numba"])
    return found.backends["numba-loop"]


def case_of(problem: str) -> Case:
    return Case("descent", problem, "numba-loop", 5, "float32", "cpu", 3)


def by_helper(x: Array, data: Data) -> Array:
    return doubled(x)


def doubled(x: Array) -> Array:
    return 2.0 * x - 2.0


def by_keyword(x: Array, data: Data) -> Array:
    return 2.0 * np.add(x, -1.0, out=x.copy())


def plain(x: Array, data: Data) -> Parameters:
    return 2.0 * x - 2.0


@pytest.mark.parametrize(
    ("gradient", "cause"),
    [
        (by_helper, "Untyped global name 'doubled': Cannot determine Numba type of <class 'function'>"),
        (by_keyword, "unsupported keyword arguments when calling Function(<ufunc 'add'>)"),
    ],
)
def test_a_gradient_that_numba_cannot_compile_is_unsupported_with_its_reason(
    loop: Backend, gradient: Any, cause: str
) -> None:
    mine = replace(problems.load()["quadratic"], name="mine", gradient=gradient)
    refused = prepare.refusal(case_of("mine"), loop, mine)
    assert refused is not None
    assert refused.status == "unsupported"
    assert refused.reason.startswith("numba cannot compile the hand-derived gradient: ")
    assert cause in refused.reason


def test_a_gradient_of_the_user_is_compiled_as_it_is(loop: Backend) -> None:
    """Numba computes it in float64, and the step is in float32 again: the number in it has no dtype."""
    mine = replace(problems.load()["quadratic"], name="mine", gradient=plain)
    prepared = prepare.prepare(case_of("mine"), loop, mine)
    assert prepare.refusal(case_of("mine"), loop, mine) is None
    assert prepared.call().dtype == "float32"


def test_nested_parameters_are_unsupported(loop: Backend) -> None:
    refused = prepare.refusal(case_of("in_lists"), loop, NESTED["in_lists"])
    assert refused is not None
    assert refused == (
        "unsupported",
        "numba compiles a gradient by one array, or by a tuple of arrays; here they are nested otherwise",
    )


def test_nothing_is_compiled_after_the_first_call(loop: Backend) -> None:
    prepared = prepare.prepare(case_of("quadratic"), loop, problems.load()["quadratic"])
    count = loop.probes.compilations
    assert count is not None
    before = count()
    prepared.call()
    assert count() == before > 0
