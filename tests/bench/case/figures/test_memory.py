"""Peak memory: the most bytes that one call holds, its arguments included."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest

import backends
import problems
from backends import Case, Probes
from backends.numpy_modes import NumpyMode
from bench.case import prepare
from bench.case.figures.memory import peak_bytes
from report.table.keys import framework

pytest.importorskip("memray")
FOUND = backends.load(("numpy", "torch", "jax"))
SIZE = 100_000
ARRAY = 4 * SIZE


def prepared(name: str, operator: str = "gradient", backend: Any = None) -> prepare.Prepared:
    case = Case(operator, "quadratic", name, SIZE, "float32", "cpu", 3)
    return prepare.prepare(case, backend or FOUND.backends[name], problems.load()["quadratic"])


@pytest.mark.parametrize(("name", "arrays"), [("numpy", 3), ("torch-grad", 3), ("jax-jit", 2)])
def test_the_native_allocations_of_every_framework_are_seen(name: str, arrays: int) -> None:
    """A call holds at least x and the gradient, and NumPy's 2x − 2 also 2x. The rest is small compared with these."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[framework(name)])
    peak = peak_bytes(prepared(name))
    assert peak is not None
    assert arrays * ARRAY <= peak <= (arrays + 2.5) * ARRAY


def test_scratch_that_is_allocated_once_is_counted() -> None:
    """The descent holds three arrays: the start, its position and its gradient."""
    peak = peak_bytes(prepared("numpy-inplace", "descent"))
    assert peak is not None
    assert 3 * ARRAY <= peak <= 3.2 * ARRAY


def test_without_memray_there_is_no_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "memray", None)
    assert peak_bytes(prepared("numpy")) is None


class Counter(NumpyMode):
    """A backend on a GPU. Its framework counts 1,000 bytes held, and a peak that rises during the call."""

    known_devices = ("cuda",)
    probes = Probes(held_bytes=lambda: 1000, peak_bytes=iter((1200, 1500)).__next__, reset_peak=lambda: None)


class HighWater(Counter):
    """A backend whose counter cannot be reset, and had the same peak before."""

    probes = Probes(held_bytes=lambda: 1000, peak_bytes=iter((1500, 1500)).__next__)


class Planned(Counter):
    """A backend whose counter cannot be reset, and whose compiler has a plan."""

    probes = Probes(held_bytes=lambda: 1000, peak_bytes=lambda: 1500, planned_bytes=lambda _: 700)


@pytest.mark.parametrize(
    ("name", "operator"), [("jax-jit", "gradient"), ("jax-jit", "descent"), ("jax-loop", "descent")]
)
def test_the_plan_of_jaxs_compiler_is_what_a_call_allocates(name: str, operator: str) -> None:
    """On the CPU, memray sees what XLA allocates. So the plan, with the start, is held against it."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    ready = prepared(name, operator)
    planned, peak = jax_plan(ready), peak_bytes(ready)
    assert planned is not None
    assert peak is not None
    assert planned >= ARRAY
    assert abs(planned + ARRAY - peak) <= 0.1 * ARRAY


def test_what_jax_does_not_compile_has_no_plan() -> None:
    if "jax-grad" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    assert jax_plan(prepared("jax-grad")) is None


def jax_plan(ready: prepare.Prepared) -> int | None:
    plan = ready.backend.probes.planned_bytes
    assert plan is not None
    return plan(ready.run)


def test_on_a_gpu_the_peak_is_the_frameworks_own_or_missing() -> None:
    problem = problems.load()["quadratic"]
    case = Case("gradient", "quadratic", "numpy", 10, "float32", "cuda", 1)
    builders = FOUND.backends["numpy"].builders
    assert peak_bytes(prepare.prepare(case, Counter("numpy", dict(builders)), problem)) == 500 + 40
    assert peak_bytes(prepare.prepare(case, HighWater("numpy", dict(builders)), problem)) is None
    assert peak_bytes(prepare.prepare(case, Planned("numpy", dict(builders)), problem)) == 700 + 40
    assert peak_bytes(prepare.prepare(case, NumpyMode("numpy", dict(builders)), problem)) is None
