"""The self-audit: each doubt has a saboteur that it must catch, and no honest backend is accused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Backend, Case, Probes, Run, spread
from backends.numpy_modes import NumpyMode
from bench import machine
from bench.case import audit, prepare
from bench.case.audit import Doubt, Evidence
from bench.case.rounds import Pair
from problems import Array, Data, Problem

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]
CASE = Case("gradient", "quadratic", "numpy", 100, "float32", "cpu", 1)
NUMPY: Any = FOUND.backends["numpy"]
STEADY = [1.0, 1.01, 0.99, 1.0, 1.02, 1.0]


def control(seconds: list[float]) -> Pair:
    return Pair(lambda: None, lambda: None, 1, 1, 0.1, seconds)


def seen(prepared: prepare.Prepared, **others: Any) -> Evidence:
    """Return the evidence of a case whose rounds were calm, but for what is named."""
    before = audit.compilations(prepared)
    result = prepared.backend.fetch(prepared.call())
    compiled = audit.compilations(prepared) - before
    calm = Evidence(prepared, np.asarray(STEADY), control(STEADY), compiled, 0.0, result)
    return replace(calm, **others)


def prepared(backend: Backend, case: Case = CASE, problem: Problem = QUADRATIC) -> prepare.Prepared:
    return prepare.prepare(replace(case, backend=backend.name, problem=problem.name), backend, problem)


def caught(evidence: Evidence) -> set[str]:
    return {doubt.name for doubt in audit.doubts(evidence)}


@pytest.mark.parametrize("problem", ["quadratic", "least_squares", "kmeans"])
@pytest.mark.parametrize("name", FOUND.backends)
def test_an_honest_backend_is_not_accused(name: str, problem: str) -> None:
    """Of what does not depend on the machine's calm: compilations, dtypes, folded constants and threads."""
    backend, chosen = FOUND.backends[name], problems.load()[problem]
    if name == "torch-compile":
        pytest.skip("compiling takes seconds; the race's own test has it")
    for operator in ("descent", "gradient"):
        case = replace(CASE, operator=operator, problem=problem, steps=10, batch_size=200)
        if prepare.refusal(case, backend, chosen) is None:
            assert caught(seen(prepared(backend, case, chosen))) <= drifting(name, problem)


def drifting(name: str, problem: str) -> set[str]:
    """HIPS autograd does make float64 of the slope of a minimum."""
    return {"dtype drifted"} if (name, problem) == ("autograd", "kmeans") else set()


def sabotaged(gradient: Callable[[Array], Any]) -> NumpyMode:
    """Return NumPy with another gradient of the parabola."""

    def run(x: Array, data: Data) -> Any:
        return gradient(x)

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return run

    return NumpyMode("numpy", {"gradient": build})


class Threaded(NumpyMode):
    """A backend whose framework tells that it computes with 99 threads."""

    probes = Probes(threads=lambda: 99)


class Late:
    """A result that is there only after a while, as on a device that nobody waits for."""

    shape = (100,)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        time.sleep(0.01)
        return np.asarray(self.array, dtype=dtype)


class Unwaiting(NumpyMode):
    """A backend whose wait does not wait."""

    def fetch(self, result: Any) -> Any:
        return np.asarray(result)


@pytest.mark.parametrize("size", [100, 100_000])
def test_a_result_that_is_not_awaited_is_caught(size: int) -> None:
    late = sabotaged(lambda x: Late(2.0 * x - 2.0)).builders
    case = replace(CASE, batch_size=size)
    for builders, doubted in ((late, True), (NUMPY.builders, False)):
        evidence = audit.evidence(prepared(Unwaiting("numpy", builders), case), [1e-4] * 6, control(STEADY), 0)
        assert (audit.not_awaited(evidence) is not None) == doubted


def test_jax_without_its_wait_is_caught_and_with_it_is_not() -> None:
    if "jax-loop" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    honest: Any = FOUND.backends["jax-loop"]

    def forget(self: Any, result: Any) -> None:
        pass

    never_waits = type("NeverWaits", (type(honest),), {"wait": forget})
    case = replace(CASE, operator="descent", batch_size=1_000_000, steps=200)
    for backend, doubted in ((never_waits("jax-loop", honest.builders), True), (honest, False)):
        one = prepared(backend, case)
        start = time.perf_counter()
        one.call()
        evidence = audit.evidence(one, [time.perf_counter() - start] * 6, control(STEADY), 0)
        assert (audit.not_awaited(evidence) is not None) == doubted


def test_what_is_compiled_during_the_rounds_is_caught() -> None:
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    import jax  # noqa: PLC0415 (only where it is here)

    honest: Any = FOUND.backends["jax-jit"]
    gradient = honest.builders["gradient"]

    def anew(problem: Any, case: Any, x: Any, data: Any) -> Any:
        def run(x: Any, data: Any) -> Any:
            return jax.jit(lambda x: 2.0 * x - 2.0)(x)

        return run

    assert caught(seen(prepared(type(honest)("jax-jit", {"gradient": anew})))) == {"recompiled"}
    assert caught(seen(prepared(type(honest)("jax-jit", {"gradient": gradient})))) == set()


def test_a_dtype_that_drifted_is_caught() -> None:
    drifting = sabotaged(lambda x: 2.0 * x.astype("float64") - 2.0)
    doubt = audit.dtype_drifted(seen(prepared(drifting)))
    assert doubt is not None
    assert "float64" in doubt.remedy


def test_constants_that_were_folded_are_caught() -> None:
    """The start and the data are closed over: the compiler computes the gradient, and the program returns it."""
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    from backends import jax_modes  # noqa: PLC0415 (only where it is here)

    def closed(problem: Any, case: Any, x: Any, data: Any) -> Any:
        slope = jax_modes.gradient(problem)
        return spread(jax_modes._compiled(lambda *_: slope(x, *data), x, *data), "gradient")

    honest: Any = FOUND.backends["jax-jit"]
    problem = problems.load()["least_squares"]
    folding = type(honest)("jax-jit", {"gradient": closed})
    assert caught(seen(prepared(folding, problem=problem))) == {"constants folded"}
    assert caught(seen(prepared(honest, problem=problem))) == set()


def test_rounds_that_scatter_are_caught() -> None:
    one = prepared(NUMPY)
    assert caught(seen(one, seconds=np.array([1.0, 1.5, 1.0, 1.5, 1.0, 1.5]))) == {"unstable"}


def test_another_number_of_threads_than_asked_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert caught(seen(prepared(Threaded("numpy", NUMPY.builders)))) == {"threads"}
    monkeypatch.setattr(machine, "pinned_threads", lambda: 99)
    assert caught(seen(prepared(Threaded("numpy", NUMPY.builders)))) == set()


def test_a_control_that_moved_is_caught() -> None:
    one = prepared(NUMPY)
    assert caught(seen(one, control=control([1.0, 1.0, 1.0, 1.5, 1.5, 1.5]))) == {"control moved"}


def test_a_backend_without_probes_is_audited_all_the_same() -> None:
    assert NUMPY.probes == Probes()
    assert caught(seen(prepared(NUMPY))) == set()


def test_the_column_has_each_doubt_with_its_remedy() -> None:
    found = [Doubt("unstable", "quiet; please"), Doubt("threads", "two\nlines")]
    assert audit.text(found) == "unstable: quiet, please; threads: two lines"
    assert audit.text([]) == ""
