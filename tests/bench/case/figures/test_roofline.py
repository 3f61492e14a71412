"""The work that a step cannot avoid, and the best rates of the machine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Case, Probes
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.figures import roofline
from bench.case.figures.roofline import Limit, limit
from bench.case.figures.stream import Traffic
from problems import Problem
from tests.built_in import BUILT_IN

FOUND = backends.load(("numpy", "jax"))
COUNTED = {name: problem for name, problem in problems.load().items() if problem.flops is not None}


def prepared(name: str, problem: Problem, operator: str, batch_size: int = 500) -> prepare.Prepared:
    sizes = problems.sizes_text(problem.sizes)
    case = Case(operator, problem.name, name, batch_size, "float32", "cpu", 10 if operator == "descent" else 1, sizes)
    return prepare.prepare(case, FOUND.backends[name], problem)


def test_a_step_reads_each_array_once_and_writes_results_shaped_like_the_parameters() -> None:
    x, v, data = np.zeros(10, "float32"), 40, (np.zeros((5, 2), "float64"), np.zeros(3, "int64"))
    moved = {operator: problems.step_bytes(operator, x, data) - 80 - 24 for operator in problems.OPERATORS}
    assert moved == {"value": v, "gradient": 2 * v, "descent": 2 * v, "jvp": 2 * v, "hvp": 3 * v, problems.PAIR: 2 * v}
    assert problems.step_bytes("gradient", (x, x), ()) == 4 * v


def test_a_descent_updates_in_place_and_the_others_write_an_array_of_their_own() -> None:
    x, v, data = np.zeros(10, "float32"), 40, (np.zeros(3, "float64"),)
    assert problems.step_traffic("descent", x, data) == (2 * v, 0, 24, v + 24)
    assert problems.step_traffic("descent", x, data, "momentum") == (4 * v, 0, 24, 2 * v + 24)
    assert problems.step_traffic("descent", x, data, "adam") == (6 * v, 0, 24, 3 * v + 24)
    assert problems.step_traffic("gradient", x, data) == (0, 2 * v, 24, 2 * v + 24)
    assert problems.step_traffic("hvp", x, data) == (0, 2 * v, v + 24, 3 * v + 24)
    assert problems.step_traffic("value", x, data) == (0, 0, v + 24, v + 24)
    assert problems.step_traffic("jvp", x, data) == (0, 0, 2 * v + 24, 2 * v + 24)


def test_a_product_with_a_direction_has_no_count_of_operations() -> None:
    problem = problems.load()["quadratic"]
    x, data = problems.instance(problem, 10, "float32")
    counted = {operator: problems.step_flops(operator, problem, x, data) for operator in problems.OPERATORS}
    by_adam = problems.step_flops("descent", problem, x, data, "adam")
    assert by_adam == 20 + 12 * 10
    assert counted == {"value": 30, "gradient": 20, "descent": 40, "jvp": None, "hvp": None, problems.PAIR: 30}


@pytest.mark.parametrize("problem", COUNTED.values(), ids=COUNTED)
def test_no_compiler_needs_fewer_operations_than_the_problem_counts(problem: Problem) -> None:
    """XLA counts the operations of the program that it compiled, and a lower bound may not exceed them.

    The built-in problems count at least a third of them: a bound far below what a compiler needs would say nothing.
    """
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    for operator in ("value", "gradient"):
        case = prepared("jax-jit", problem, operator)
        ask = case.backend.probes.counted_flops
        counted = problems.step_flops(operator, problem, case.host[0], case.host[-1])
        assert ask is not None
        assert counted is not None
        compiled = ask(case.run)
        assert compiled is not None
        assert compiled / counted >= 0.99
        assert compiled / counted <= 3.0 or problem.name not in BUILT_IN


def test_the_limit_of_a_case_is_measured_with_a_stream_over_the_arrays_of_its_step() -> None:
    small, large = (prepared("numpy", problems.load()["quadratic"], "descent", size) for size in (1, 1_000_000))
    one, many = limit(small), limit(large)
    assert (one.step_bytes, many.step_bytes) == (8, 8_000_000)
    assert all(1e8 < rate < 1e14 for rate in (*one[2:], *many[2:]))
    assert all(again >= best for again, best in zip(limit(large), many, strict=True)), (
        "a limit is the best measurement so far"
    )


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[Traffic, int], float]:
    """No rate is known yet. The next ones are these, by traffic and bytes of memory."""
    rates: dict[tuple[Traffic, int], float] = {}
    monkeypatch.setattr(roofline, "stream_rate", lambda traffic, size, _: rates[traffic, size])
    monkeypatch.setattr(roofline, "_streams", {})
    return rates


def test_the_least_time_is_that_of_the_update_and_that_of_the_data(
    streamed: dict[tuple[Traffic, int], float],
) -> None:
    case = prepared("numpy", problems.load()["logistic"], "descent")
    x, data = (sum(array.nbytes for array in problems.tree_leaves(part)) for part in (case.host[0], case.host[-1]))
    streamed |= {(Traffic.UPDATED, x + data): 1e9, (Traffic.READ, x + data): 4e9}
    found = limit(case)
    assert found.step_bytes / found.stream_bytes_per_second == pytest.approx(2 * x / 1e9 + data / 4e9)


def test_fewer_bytes_stream_no_slower_than_more(streamed: dict[tuple[Traffic, int], float]) -> None:
    """A busy moment may make the stream of a small case slow. That of a larger case then shows more."""
    small, large = (prepared("numpy", problems.load()["quadratic"], "descent", size) for size in (100, 200))
    streamed |= {(Traffic.UPDATED, 400): 5e9, (Traffic.UPDATED, 800): 7e9}
    assert limit(small).stream_bytes_per_second == 5e9
    assert limit(large).stream_bytes_per_second == 7e9
    assert limit(small).stream_bytes_per_second == 7e9
    streamed[Traffic.UPDATED, 400] = 9e9
    assert limit(small).stream_bytes_per_second == 9e9
    assert limit(large).stream_bytes_per_second == 7e9


@pytest.mark.parametrize("name", ["torch-grad", "jax-jit"])
def test_a_framework_updates_an_array_in_its_own_memory(name: str) -> None:
    backend = backends.load((name.partition("-")[0],)).backends[name]
    case = Case("descent", "", name, 1, "float32", "cpu", 1)
    (array,) = backend.put((np.zeros(2**20, "float32"),), case)
    update = backend.probes.updated
    assert update is not None
    array = update(array)  # JAX's first array shares its memory with NumPy's, and JAX may not write there
    before = address(array)
    after = update(array)
    backend.wait(after, case)
    assert address(after) == before
    assert (backend.fetch(after, case) == 2.0).all()


def address(array: Any) -> int:
    return int(array.data_ptr() if hasattr(array, "data_ptr") else array.unsafe_buffer_pointer())


def test_the_streams_of_a_device_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The framework computes on the CPU here, in the place of a device: what is measured how often is the same."""
    case = prepared("numpy", problems.load()["quadratic"], "descent")
    calls: list[tuple[str, int]] = []

    def updated(array: np.ndarray) -> np.ndarray:
        calls.append(("updated", array.nbytes))
        return array

    class Elsewhere(NumpyMode):
        probes = Probes(updated=updated)

    backend = Elsewhere("numpy", {})
    monkeypatch.setattr(roofline, "DEVICE_BYTES", (10_000, 20_000))
    elsewhere = replace(case, backend=backend, case=replace(case.case, device="cuda"))
    first = limit(elsewhere)
    measured = {size for _, size in calls}
    assert measured == {2_004, 10_004, 20_004}
    calls.clear()
    assert limit(elsewhere) == first
    assert not calls


def test_the_longer_of_the_two_times_is_the_limit_and_an_unknown_time_is_left_out() -> None:
    assert Limit(100, 10, 10, 10).seconds == 10
    assert Limit(10, 100, 10, 10).seconds == 10
    assert Limit(100, math.nan, 10, 10).seconds == 10
    assert math.isnan(Limit(100, math.nan, math.nan, 10).seconds)
