"""The contract of a backend: what every backend does on every problem, in every dtype.

A file dropped into backends/ or problems/ is tested here without being listed. The tests ask for what docs/backends.md
and docs/problems.md ask of such a file, and for no more.
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
from bench.case import prepare
from bench.case.check import errors, reference
from bench.case.check.answers import require_answers
from bench.case.check.steps import require_every_step
from bench.case.check.update import KEEP_MOMENTS, require_update
from problems import LBFGS, PAIR, Array, Parameters, Problem, sizes_text, tree_leaves, tree_unflatten
from report.table.keys import framework
from tests.dealing import SHORTER, dealt, of_framework
from tests.torch_compiler import without_kernels

FOUND = backends.load()
BATCH_SIZES = (1, 7)
STEPS = 3

TURN = 2
"""Which operator of the first problem torch's compiler is given: the value, which of that problem takes it least."""

BY_DAY = {"torch-compile-step": ("quadratic", "softmax_mlp")}
"""The problems that the optimizers of a mode of torch's compiler have by day, if they are more than `quadratic`."""

TO_C = ("torch-compile-step", "quadratic")
"""What is compiled down to C++: all problems of one mode, and one problem of all modes of torch's compiler.

The other modes give the compiler the same losses, in other places. It traces and differentiates them here, and their
C++, which takes a quarter of a minute for some of them, is what the race itself checks before it times a case.
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        every_dtype = metafunc.config.getoption("every_dtype")
        cases = [case for device in backends.DEVICES for case in supported(device, every_dtype=every_dtype)]
        metafunc.parametrize("case", [*(pytest.param(case, id=label(case)) for case in cases), *skipped()])

    if "optimized_case" in metafunc.fixturenames:
        moved = [*optimized(every_dtype=metafunc.config.getoption("every_dtype"))]
        metafunc.parametrize("optimized_case", moved, ids=[f"{label(case)}-{case.optimizer}" for case in moved])


def skipped() -> Iterator[Any]:
    """Yield each device that a backend knows and this machine lacks, with the reason why its cases are not run."""
    for name, backend in FOUND.backends.items():
        for device in backend.known_devices:
            if reason := backends.why_missing(backend, device):
                yield pytest.param(None, id=f"{name}-{device}", marks=pytest.mark.skip(reason=reason))


def supported(device: str, *, every_dtype: bool) -> Iterator[Case]:
    """Yield every backend × problem × operator that is supported on the device; without `every_dtype`, those `due`.

    Then a backend has only one dtype and batch size for a problem, and another for the next problem, so that each
    backend, each problem and each operator meets all of them. The operators of a problem share them: JAX then has what
    it compiled for the operator before.
    """
    variants = list(product(backends.DTYPES, BATCH_SIZES))
    grid = product(enumerate(FOUND.backends), enumerate(problems.load().values()), backends.OPERATORS)
    for (layer, name), (row, problem), operator in grid:
        for number, (dtype, batch_size) in enumerate(variants):
            sizes = sizes_text({**problem.sizes, **SHORTER.get(problem.name, {})})
            case = Case(operator, problem.name, name, batch_size, dtype, device, STEPS, sizes)
            chosen = every_dtype or (number == (layer + row) % len(variants) and due(name, row, operator))
            if chosen and prepare.refusal(case, FOUND.backends[name], problem) is None:
                yield case


def due(name: str, row: int, operator: str) -> bool:
    """Whether the day's tests hold this backend to its contract in this operator of the problem in this row.

    What compiles nothing takes milliseconds, and has every operator of every problem. Compiling takes seconds. A
    builder is the same for all problems, and a loss for all operators, so a fault of either shows elsewhere too:

    JAX compiles each operation, outside of `jit` too. Each operator of a problem has one of its modes, and the next
    problem has the next mode. So JAX meets each operator of each problem, and each mode each of its operators. A mode
    with losses of its own has all operators of those.

    torch's compiler takes longest. Its modes have one operator of a problem, and the next problem has the next one. So
    the compiler meets each loss and each operator. What it has compiled wrongly is the derivative of a gather along a
    direction (pytorch #160391): that is among the nested problems. Only `torch-compile-step` has C++ of all of them:
    see `TO_C`.

    A value and a gradient from one pass run the code of the gradient. `numpy` has them of every problem, a mode with
    losses of its own of each of those, and any other mode that compiles nothing of every third problem.
    """
    if framework(name) == "jax" and not FOUND.backends[name].losses:
        return name == dealt(of_framework(FOUND.backends, "jax"), row, operator)
    if not quick(name):
        return (row + backends.OPERATORS.index(operator)) % len(backends.OPERATORS) == TURN
    layer = [*FOUND.backends].index(name)
    return operator != PAIR or bool(name == "numpy" or FOUND.backends[name].losses or (layer + row) % 3 == 0)


def quick(name: str) -> bool:
    return not (name.startswith("torch") and FOUND.backends[name].compiled)


def label(case: Case) -> str:
    where = "" if case.device == "cpu" else f"-{case.device}"
    return f"{case.backend}-{case.problem}-{case.operator}-{case.dtype}-{case.batch_size}{where}"


def parts(case: Case) -> tuple[Backend, Problem]:
    return FOUND.backends[case.backend], problems.find(case.problem, case.sizes)


def placed(case: Case, backend: Backend, problem: Problem) -> tuple[tuple[Any, ...], Run]:
    """Return the arguments on the device, and the run that is called with them."""
    backend.warm_up(case)
    arguments = backends.place(backend, case, *reference.arguments(case, problem))
    return arguments, backend.compile(case, problem, arguments[0], arguments[-1])


def copies(backend: Backend, case: Case, result: Parameters) -> list[Array]:
    backend.wait(result, case)
    return [np.array(array) for array in tree_leaves(backend.fetch(result, case))]


def test_a_backend_keeps_the_contract(
    case: Case, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if is_only_traced(case, request.config):
        without_kernels(monkeypatch)
    require_contract(case, *parts(case))


def is_only_traced(case: Case, config: pytest.Config) -> bool:
    """Whether torch's compiler stops before it writes C++ for the case."""
    return not (quick(case.backend) or {case.backend, case.problem} & {*TO_C} or config.getoption("every_dtype"))


def require_contract(case: Case, backend: Backend, problem: Problem) -> None:
    """Two calls give the reference's answer, in the case's dtype, and leave the arguments as they are.

    The checks of the race accuse no honest backend: it answers from another start, and makes every step.
    """
    arguments, run = placed(case, backend, problem)
    before = [copies(backend, case, argument) for argument in arguments if tree_leaves(argument)]
    for _ in range(2):
        result = run(*arguments)
        answer = copies(backend, case, result)
        assert error(tree_unflatten(result, answer), case, problem) <= errors.tolerance(case.dtype)
        assert drifts(case) or all(array.dtype == case.dtype for array in answer)
    for argument, kept in zip(filter(tree_leaves, arguments), before, strict=True):
        for array, other in zip(copies(backend, case, argument), kept, strict=True):
            np.testing.assert_array_equal(array, other)
    require_answers(case, backend, problem, arguments, run)
    if case.operator == "descent":
        require_every_step(case, backend, problem, arguments, run)


def error(answer: Parameters, case: Case, problem: Problem) -> float:
    """Return the error as the race computes it. Only a descent is also measured against the rounding of its start."""
    expected = reference.expected(case, problem)
    if case.operator != "descent":
        return errors.result_error(case, answer, expected)
    start = reference.arguments(case, problem)[0]
    lost = problems.tree_map(lambda array: errors.tolerance(case.dtype) * np.max(np.abs(array)), start)
    return errors.relative_error(answer, expected, lost)


def drifts(case: Case) -> bool:
    """Whether the framework may return float64 in a float32 case, which is no fault of the problem or the mode.

    HIPS autograd does so in derivatives of several functions: of `amax` and `amin`, which it divides by an integer
    count, and in the second derivative of `abs`, whose zeros are float64. The race reports it: `dtype drifted`. The
    losses of `autograd-losses` avoid them.
    """
    return case.backend in {"autograd", "autograd-fwdrev"}


def test_the_days_cases_have_each_operator_of_each_problem_and_of_each_mode() -> None:
    """The first holds of JAX, whose modes share them. torch's compiler has each operator, and each problem."""
    tested = {(case.backend, case.problem, case.operator) for case in supported("cpu", every_dtype=False)}
    every = {(case.backend, case.problem, case.operator) for case in supported("cpu", every_dtype=True)}
    assert {(name, operator) for name, _, operator in tested} == {(name, operator) for name, _, operator in every}
    assert {problem for _, problem, operator in tested if operator == PAIR} == problems.load().keys()
    for name in ("autograd", "jax", "numpy"):
        of_all, of_day = (
            {case[1:] for case in cases if framework(case[0]) == name and case[2] != PAIR} for cases in (every, tested)
        )
        assert of_day == of_all
    compiled = {problem for name, problem, _ in tested if not quick(name)}
    assert compiled in (set(), problems.load().keys())


@pytest.mark.parametrize("name", ["jax-grad", "jax-jit", "jax-loop"])
def test_the_timed_region_of_an_asynchronous_backend_ends_when_the_result_is_ready(name: str) -> None:
    """JAX returns before it has computed, on the CPU too. Its arrays report whether they are ready."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    case = Case("descent", "quadratic", name, 1_000_000, "float32", "cpu", 20)
    assert prepare.prepare(case, *parts(case)).call().is_ready()


@pytest.mark.parametrize("name", ["jax-grad", "jax-jit"])
def test_the_timed_region_of_a_pair_ends_when_both_parts_are_ready(name: str) -> None:
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    case = Case(PAIR, "quadratic", name, 1_000_000, "float32", "cpu", 1)
    assert all(part.is_ready() for part in prepare.prepare(case, *parts(case)).call())


def optimized(*, every_dtype: bool) -> Iterator[Case]:
    """Yield the descents by every optimizer but `sgd`, of every mode that has it, on every problem.

    Without `every_dtype`, dtype and batch size take turns. A mode that compiles takes every third problem, and so does
    `lbfgs`, which runs until it has converged, but that of `numpy`. The line search of optax, compiled with the loss in
    it, takes many times as long as the loss: it has `quadratic` alone. So have the modes of torch's compiler, whose
    update is the same for every loss, but `torch-compile-step`, where it is compiled with the loss.
    """
    variants = list(product(backends.DTYPES, BATCH_SIZES))
    grid = product(enumerate(FOUND.backends.items()), enumerate(problems.load().values()))
    for (layer, (name, backend)), (row, problem) in grid:
        for column, optimizer in enumerate(backend.optimizers):
            for number, (dtype, batch_size) in enumerate(variants):
                sizes = sizes_text({**problem.sizes, **SHORTER.get(problem.name, {})})
                steps = problem.steps if optimizer == LBFGS else STEPS
                case = Case("descent", problem.name, name, batch_size, dtype, "cpu", steps, sizes, optimizer)
                quickly = not backend.compiled and (optimizer != LBFGS or name == "numpy")
                due = quickly or (layer + row + column) % 3 == 0
                if not quick(name) or (name, optimizer) == ("jax-loop", LBFGS):
                    due = problem.name in BY_DAY.get(name, ("quadratic",))
                chosen = every_dtype or (due and number == (layer + row + column) % len(variants))
                if chosen and prepare.refusal(case, backend, problem) is None:
                    yield case


def test_a_descent_by_another_optimizer_keeps_the_contract(optimized_case: Case) -> None:
    """It is right to the reference's step from a drawn state, makes every step, and answers another question."""
    case, (backend, problem) = optimized_case, parts(optimized_case)
    ready = prepare.prepare(case, backend, problem)
    require_answers(case, backend, ready.problem, ready.placed, ready.run)
    if case.optimizer in KEEP_MOMENTS:
        error = require_update(case, backend, ready.problem, ready.run)
        assert case.dtype == "float32" or error <= 1e-6


def test_a_mode_that_forgets_to_wait_would_be_caught() -> None:
    """The control of the test above: without the wait, the result of the same call is not ready."""
    case = Case("descent", "quadratic", "jax-loop", 1_000_000, "float32", "cpu", 500)
    if case.backend not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    arguments, run = placed(case, *parts(case))
    run(*arguments).block_until_ready()
    result = run(*arguments)
    assert not result.is_ready()
    result.block_until_ready()
    assert result.is_ready()


@pytest.mark.parametrize("backend", FOUND.backends.values(), ids=FOUND.backends)
def test_a_missing_device_has_a_reason(backend: Backend) -> None:
    for device in backends.DEVICES:
        case = Case("descent", "quadratic", backend.name, 1, "float32", device, 1)
        refusal = prepare.refusal(case, backend, problems.load()["quadratic"])
        if device in backends.devices(backend):
            assert refusal is None or refusal[0] == "unsupported"
        else:
            assert refusal is not None
            assert refusal[0] in {"unsupported", "unavailable"}
            assert refusal[1]
