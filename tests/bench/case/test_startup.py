"""What a process pays once for a framework is clocked once, whatever the order of the cases."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest

from backends import Backend, Case, Probes
from bench.case import startup
from tests.checkout import ROOT

SLEEP = 0.02


def slow_caches() -> AbstractContextManager[None]:
    time.sleep(SLEEP)
    return nullcontext()


class Eager(Backend):
    """Its first array and each of its warm-ups take a while."""

    def __init__(self, name: str) -> None:
        self.name, self.builders = name, {}
        self.warmed = 0

    def version(self) -> str:
        return "1"

    def put(self, arrays: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
        time.sleep(SLEEP)
        return arrays

    def warm_up(self, case: Case) -> None:
        self.warmed += 1


class Compiled(Eager):
    """Its compiler takes longer to start, and to import."""

    probes = Probes(empty_caches=slow_caches)

    def warm_up(self, case: Case) -> None:
        super().warm_up(case)
        time.sleep(SLEEP)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], float]:
    """What is known so far: that the import took a second."""
    seconds: dict[tuple[str, ...], float] = {("import", "late"): 1.0}
    monkeypatch.setattr(startup, "_seconds", seconds)
    return seconds


def case_of(backend: Backend) -> Case:
    return Case("descent", "quadratic", backend.name, 1, "float32", "cpu", 10)


@pytest.mark.parametrize("compiled_first", [False, True])
def test_a_mode_has_the_start_of_its_framework_and_of_its_own_compiler(
    known: dict[tuple[str, ...], float], *, compiled_first: bool
) -> None:
    eager, compiled = Eager("late-eager"), Compiled("late-compiled")
    for backend in (compiled, eager) if compiled_first else (eager, compiled):
        with startup.empty_caches(case_of(backend), backend):
            startup.start(case_of(backend), backend)
    figures = [startup.startup_seconds(case_of(backend), backend) for backend in (eager, compiled)]
    assert figures[0] >= 1.0 + SLEEP
    assert figures[1] >= 1.0 + 3 * SLEEP
    assert known["first array", "late", "cpu"] >= SLEEP
    for backend in (eager, compiled):
        startup.start(case_of(backend), backend)
    assert figures == [startup.startup_seconds(case_of(backend), backend) for backend in (eager, compiled)]
    assert eager.warmed == compiled.warmed == 2  # each case warms its backend up, and the first time counts


def test_a_start_that_was_not_clocked_is_not_known(known: dict[tuple[str, ...], float]) -> None:
    backend = Eager("early")
    startup.start(case_of(backend), backend)
    assert math.isnan(startup.startup_seconds(case_of(backend), backend))


def test_an_import_is_clocked_unless_something_imported_the_framework_before() -> None:
    code = """
from bench.case import startup
found = startup.imported("autograd")
print(("import", "autograd") in startup._seconds, "autograd" in found.backends)
import backends.jax_modes
startup.imported("jax")
print(("import", "jax") in startup._seconds)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]


def test_the_first_number_on_the_device_has_the_dtype_of_the_case(known: dict[tuple[str, ...], float]) -> None:
    """JAX switches its 64-bit mode for the whole process, by the case."""
    put: list[Any] = []

    class Putting(Eager):
        def put(self, arrays: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
            put.extend(arrays)
            return arrays

    backend = Putting("late-eager")
    startup.start(case_of(backend), backend)
    assert [array.dtype for array in put] == [np.float32]
