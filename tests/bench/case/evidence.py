"""Evidence about cases with calm rounds, for the tests of the audit and of the probe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import backends
import problems
from backends import Backend, Case, Run
from backends.numpy_modes import NumpyMode
from bench.case import audit, prepare
from bench.case.audit import Evidence
from bench.case.figures.probe import Probed
from bench.case.rounds import Pair
from problems import Array, Data, Problem

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]
CASE = Case("gradient", "quadratic", "numpy", 100, "float32", "cpu", 1)
NUMPY: Any = FOUND.backends["numpy"]
STEADY = [1.0, 1.01, 0.99, 1.0, 1.02, 1.0]


def control(seconds: list[float]) -> Pair:
    return Pair(lambda: None, lambda: None, 1, 1, 0.1, seconds)


def evidence(prepared: prepare.Prepared, **others: Any) -> Evidence:
    """Return the evidence about a case with calm rounds. `others` replaces fields of it."""
    before = audit.compilations(prepared)
    result = prepared.backend.fetch(prepared.call(), prepared.case)
    compiled = audit.compilations(prepared) - before
    calm = Probed(late_seconds=0.0, fresh_share=1.0, runs_loss=False, growth=None)
    steps = prepared.case.steps if prepared.case.operator == "descent" else 1
    calls = np.asarray(STEADY)
    return replace(Evidence(prepared, calls, control(list(calls / steps)), compiled, 1.0, result, calm), **others)


def prepared(backend: Backend, case: Case = CASE, problem: Problem = QUADRATIC) -> prepare.Prepared:
    return prepare.prepare(replace(case, backend=backend.name, problem=problem.name), backend, problem)


def sabotaged(gradient: Callable[[Array], Any]) -> NumpyMode:
    """Return NumPy with this gradient of the parabola."""

    def run(x: Array, data: Data) -> Any:
        return gradient(x)

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return run

    return NumpyMode("numpy", {"gradient": build})
