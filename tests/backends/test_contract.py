"""The contract of a backend: what every backend does on every problem, in every dtype.

A file dropped into backends/ or problems/ is tested here without being listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Backend, Case, Run
from bench.case import prepare, reference
from problems import Array, Parameters, Problem, sizes_text, tree_leaves, tree_unflatten

FOUND = backends.load()
BATCH_SIZES = (1, 7)
STEPS = 3

WITH_MAX = {"gmm", "kmeans", "softmax_mlp"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = list(each(every_dtype=metafunc.config.getoption("every_dtype")))
        metafunc.parametrize("case", cases, ids=map(label, cases))


def each(*, every_dtype: bool) -> Iterator[Case]:
    """Yield every backend × problem × operator that is supported on the CPU.

    Compiling takes seconds: without `every_dtype` a case has one dtype and batch size, and the next case another, so
    that each backend, each problem and each operator meets all of them.
    """
    variants = list(product(backends.DTYPES, BATCH_SIZES))
    grid = product(FOUND.backends.items(), enumerate(problems.load().values()), enumerate(backends.OPERATORS))
    for (name, backend), (row, problem), (column, operator) in grid:
        for number, (dtype, batch_size) in enumerate(variants):
            case = Case(operator, problem.name, name, batch_size, dtype, "cpu", STEPS, small(problem))
            chosen = every_dtype or number == (row + column) % len(variants)
            if chosen and prepare.refusal(case, backend, problem) is None:
                yield case


def small(problem: Problem) -> str:
    """Return sizes that compile faster than the problem's own."""
    return sizes_text({name: max(2, size // 2) for name, size in problem.sizes.items()})


def label(case: Case) -> str:
    return f"{case.backend}-{case.problem}-{case.operator}-{case.dtype}-{case.batch_size}"


def parts(case: Case) -> tuple[Backend, Problem]:
    return FOUND.backends[case.backend], problems.find(case.problem, case.sizes)


def placed(case: Case) -> tuple[tuple[Any, ...], Run]:
    """Return the arguments on the device, and the run that takes them."""
    backend, problem = parts(case)
    backend.warm_up(case)
    arguments = backends.place(backend, case, *reference.arguments(case, problem))
    return arguments, backend.compile(case, problem, arguments[0], arguments[-1])


def copies(backend: Backend, result: Parameters) -> list[Array]:
    backend.wait(result)
    return [np.array(array) for array in tree_leaves(backend.fetch(result))]


def test_a_backend_keeps_the_contract(case: Case) -> None:
    """The answer is the reference's, of the case's dtype, and the same again; the arguments stay what they are."""
    backend, problem = parts(case)
    arguments, run = placed(case)
    before = [copies(backend, argument) for argument in arguments if tree_leaves(argument)]
    result = run(*arguments)
    first = copies(backend, result)
    start = reference.arguments(case, problem)[0]
    lost = problems.tree_map(lambda array: reference.tolerance(case.dtype) * np.max(np.abs(array)), start)
    error = reference.relative_error(tree_unflatten(result, first), reference.expected(case, problem), lost)
    assert error <= reference.tolerance(case.dtype)
    assert drifts(case) or all(array.dtype == case.dtype for array in first)
    same(first, copies(backend, run(*arguments)))
    for argument, kept in zip(filter(tree_leaves, arguments), before, strict=True):
        same(copies(backend, argument), kept)


def same(arrays: list[Array], others: list[Array]) -> None:
    for array, other in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(array, other)


def drifts(case: Case) -> bool:
    """Whether the framework itself makes float64 of float32 here, by the rules that it has for these derivatives.

    HIPS autograd does in those of `amax` and `amin`, which it divides by a count in whole numbers, and in the second
    one of `abs`, whose zeros are float64.
    """
    with_abs = case.operator == "hvp" and case.problem == "logistic"
    return case.backend.startswith("autograd") and (case.problem in WITH_MAX or with_abs)


@pytest.mark.parametrize("name", ["jax-grad", "jax-jit", "jax-loop"])
def test_the_timed_region_of_an_asynchronous_backend_ends_when_the_result_is_there(name: str) -> None:
    """JAX returns before it has computed, on the CPU too; its arrays can tell whether they are ready."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    case = Case("descent", "quadratic", name, 1_000_000, "float32", "cpu", 20)
    assert prepare.prepare(case, *parts(case)).call().is_ready()


def test_a_mode_that_forgets_to_wait_would_be_seen() -> None:
    """The control of the test above: the same call without the wait is not ready."""
    case = Case("descent", "quadratic", "jax-loop", 1_000_000, "float32", "cpu", 500)
    if case.backend not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    arguments, run = placed(case)
    run(*arguments).block_until_ready()
    result = run(*arguments)
    assert not result.is_ready()
    result.block_until_ready()
    assert result.is_ready()


@pytest.mark.parametrize("backend", FOUND.backends.values(), ids=FOUND.backends)
def test_a_device_that_is_not_here_has_a_reason(backend: Backend) -> None:
    for device in backends.DEVICES:
        case = Case("descent", "quadratic", backend.name, 1, "float32", device, 1)
        refusal = prepare.refusal(case, backend, problems.load()["quadratic"])
        if device in backends.devices(backend):
            assert refusal is None or refusal[0] == "unsupported"
        else:
            assert refusal is not None
            assert refusal[0] in {"unsupported", "unavailable"}
            assert refusal[1]


@pytest.mark.parametrize("problem", problems.load().values(), ids=problems.load())
def test_a_descent_descends(problem: Problem) -> None:
    x, data = problems.instance(problem, 100, "float64")
    end = problems.descend(problem, x, data, problem.steps)
    assert problem.loss(np, end, data) < problem.loss(np, x, data)
