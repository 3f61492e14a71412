"""The self-audit: each warning has a saboteur that it must catch, and no honest backend gets a warning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import backends
import problems
from backends import Backend, Case, Probes, Run, Stepwise, spread
from backends.numpy_modes import NumpyMode
from bench import machine
from bench.case import audit, prepare
from bench.case.audit import Evidence
from bench.case.figures.probe import Probed, probe
from bench.case.rounds import Pair
from problems import Array, Data, Problem
from report.table.warnings import AuditWarning, join

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
    result = prepared.backend.fetch(prepared.call())
    compiled = audit.compilations(prepared) - before
    calm = Probed(late_seconds=0.0, fresh_share=1.0, runs_loss=False, growth=None)
    steps = prepared.case.steps if prepared.case.operator == "descent" else 1
    calls = np.asarray(STEADY)
    return replace(Evidence(prepared, calls, control(list(calls / steps)), compiled, 1.0, result, calm), **others)


def probed(prepared: prepare.Prepared, seconds: float = 1e-4) -> Evidence:
    """Return the evidence about a case with calm rounds of `seconds`, as the program's own calls give it."""
    calls = seconds * np.asarray(STEADY)
    return evidence(prepared, probed=probe(prepared, seconds), seconds=calls)


def prepared(backend: Backend, case: Case = CASE, problem: Problem = QUADRATIC) -> prepare.Prepared:
    return prepare.prepare(replace(case, backend=backend.name, problem=problem.name), backend, problem)


def caught(found: Evidence) -> set[str]:
    """Return the names of the warnings."""
    return {warning.name for warning in audit.warnings_of(found)}


@pytest.mark.parametrize("problem", ["quadratic", "least_squares", "kmeans"])
@pytest.mark.parametrize("name", FOUND.backends)
def test_an_honest_backend_gets_no_warning(name: str, problem: str) -> None:
    """Checked here: compilations, dtypes, folded constants and threads, which do not depend on a calm machine."""
    backend, chosen = FOUND.backends[name], problems.load()[problem]
    if name == "torch-compile":
        pytest.skip("compiling takes seconds, and the test of the race covers it")
    for operator in ("descent", "gradient"):
        case = replace(CASE, operator=operator, problem=problem, steps=10, batch_size=200)
        if prepare.refusal(case, backend, chosen) is None:
            assert caught(evidence(prepared(backend, case, chosen))) <= drifting(name, problem)


def drifting(name: str, problem: str) -> set[str]:
    """Return the warnings that are right: HIPS autograd computes the gradient of a minimum in float64."""
    return {"dtype drifted"} if (name, problem) == ("autograd", "kmeans") else set()


def sabotaged(gradient: Callable[[Array], Any]) -> NumpyMode:
    """Return NumPy with this gradient of the parabola."""

    def run(x: Array, data: Data) -> Any:
        return gradient(x)

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return run

    return NumpyMode("numpy", {"gradient": build})


class Threaded(NumpyMode):
    """A backend whose framework says that it computes with 99 threads."""

    probes = Probes(threads=lambda: 99)


class Late:
    """A result that is computed only after a while, as on a device that nobody waits for."""

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
    for builders, warned in ((late, True), (NUMPY.builders, False)):
        found = probed(prepared(Unwaiting("numpy", builders), case))
        assert (audit.not_awaited(found) is not None) == warned


def test_jax_without_its_wait_is_caught_and_with_it_is_not() -> None:
    if "jax-loop" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    honest: Any = FOUND.backends["jax-loop"]

    def forget(self: Any, result: Any) -> None:
        pass

    never_waits = type("NeverWaits", (type(honest),), {"wait": forget})
    case = replace(CASE, operator="descent", batch_size=1_000_000, steps=200)
    for backend, warned in ((never_waits("jax-loop", honest.builders), True), (honest, False)):
        ready = prepared(backend, case)
        start = time.perf_counter()
        ready.call()
        found = probed(ready, time.perf_counter() - start)
        assert (audit.not_awaited(found) is not None) == warned


def test_a_compilation_during_the_rounds_is_caught() -> None:
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    import jax  # noqa: PLC0415 (only if it is installed)

    honest: Any = FOUND.backends["jax-jit"]
    gradient = honest.builders["gradient"]

    def compiles_every_call(problem: Any, case: Any, x: Any, data: Any) -> Any:
        def run(x: Any, data: Any) -> Any:
            return jax.jit(lambda x: 2.0 * x - 2.0)(x)

        return run

    assert caught(evidence(prepared(type(honest)("jax-jit", {"gradient": compiles_every_call})))) == {"recompiled"}
    assert caught(evidence(prepared(type(honest)("jax-jit", {"gradient": gradient})))) == set()


def test_a_dtype_that_drifted_is_caught() -> None:
    drifting = sabotaged(lambda x: 2.0 * x.astype("float64") - 2.0)
    warning = audit.dtype_drifted(evidence(prepared(drifting)))
    assert warning is not None
    assert "float64" in warning.remedy


def test_folded_constants_are_caught() -> None:
    """The program closes over the start and the data, so the compiler computes the gradient in advance."""
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    from backends import jax_modes  # noqa: PLC0415 (only if JAX is installed)

    def closed(problem: Any, case: Any, x: Any, data: Any) -> Any:
        gradient = jax_modes.gradient(problem)
        return spread(jax_modes._compiled(lambda *_: gradient(x, *data), x, *data), "gradient")

    honest: Any = FOUND.backends["jax-jit"]
    problem = problems.load()["least_squares"]
    folding = type(honest)("jax-jit", {"gradient": closed})
    assert caught(evidence(prepared(folding, problem=problem))) == {"constants folded"}
    assert caught(evidence(prepared(honest, problem=problem))) == set()


@pytest.mark.parametrize(("cores", "warned"), [(0.3, False), (2.1, False), (2.3, True)])
def test_more_cores_than_threads_are_caught(monkeypatch: pytest.MonkeyPatch, cores: float, *, warned: bool) -> None:
    monkeypatch.setattr(machine, "pinned_threads", lambda: 2)
    assert caught(evidence(prepared(NUMPY), cores=cores)) == ({"cores"} if warned else set())


def test_a_compiled_mode_that_runs_the_loss_in_python_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what happens: any variable may turn a compiler off."""
    if "jax-jit" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    import jax  # noqa: PLC0415 (only if it is installed)

    honest = FOUND.backends["jax-jit"]
    for disabled in (False, True):
        with jax.disable_jit(disabled):
            found = probed(prepared(honest))
            assert found.probed.runs_loss == disabled
            assert (audit.not_compiled(found) is not None) == disabled
    eager = probed(prepared(FOUND.backends["jax-grad"]))
    assert audit.not_compiled(eager) is None


def descending(descend: Callable[[Problem, Case, Array, Data], Array]) -> NumpyMode:
    """Return NumPy with this descent from x."""

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return lambda x, data: descend(problem, case, x, data)

    return NumpyMode("numpy", {"descent": build})


def whole(problem: Problem, case: Case, x: Array, data: Data) -> Array:
    for _ in range(case.steps):
        x = x - problem.rate_at(x, data) * problem.gradient(x, data)
    return x


def until_converged(problem: Problem, case: Case, x: Array, data: Data) -> Array:
    """Stop where a step is a rounding error of the position. At the slow rate of the check that is never."""
    for _ in range(case.steps):
        for _ in range(20):  # as if a step were dear
            step = problem.rate_at(x, data) * problem.gradient(x, data)
        if np.max(np.abs(step)) < 1e-6:
            break
        x = x - step
    return x


@pytest.mark.parametrize(("descend", "warned"), [(whole, False), (until_converged, True)])
def test_a_descent_that_ends_early_is_caught(descend: Any, *, warned: bool) -> None:
    """float32 has converged after about 60 of the 100 steps, so the answer is right either way."""
    found = probed(prepared(descending(descend), replace(CASE, operator="descent", steps=100)), 5e-4)
    assert (audit.ends_early(found) is not None) == warned


@pytest.mark.parametrize("slots", [0, 1, 1000])
def test_a_program_that_remembers_answers_is_caught(slots: int) -> None:
    """It is right from every start: only its time gives it away. With one slot, the usual start is soon forgotten."""

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        answers: dict[bytes, Array] = {}

        def run(x: Array, data: Data) -> Array:
            key = x.tobytes()
            if key in answers:
                return answers[key]
            time.sleep(0.002)
            if len(answers) >= slots:
                answers.clear()
            answer = problem.gradient(x, data)
            if slots:
                answers[key] = answer
            return answer

        return run

    ready = prepared(NumpyMode("numpy", {"gradient": build}))
    found = probed(ready, 1e-6 if slots else 2e-3)
    assert (audit.remembers(found) is not None) == bool(slots)


def closed_form(problem: Problem, case: Case, x: Array, data: Data) -> Array:
    """All steps at once: right from every start and at every rate."""
    left = (1.0 - 2.0 * problem.rate_at(x, data)) ** case.steps
    return (1.0 + left * (x - 1.0)).astype(x.dtype)


def test_a_closed_form_in_place_of_a_descent_is_caught() -> None:
    found = probed(prepared(descending(closed_form), replace(CASE, operator="descent", steps=100)), 1e-5)
    warning = audit.ends_early(found)
    assert warning is not None
    assert "four times the steps take 1.0 times as long" in warning.remedy


def test_a_step_that_rests_once_it_has_converged_is_caught() -> None:
    def step(x: Array) -> Array:
        if np.max(np.abs(x - 1.0)) < 1e-6:
            return x
        for _ in range(100):
            moved = x - np.float32(0.1) * (2.0 * x - 2.0)
        return moved

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return Stepwise(step, case.steps)

    case = replace(CASE, operator="descent", steps=100)
    assert audit.ends_early(probed(prepared(NumpyMode("numpy", {"descent": build}), case), 1e-2)) is not None


@pytest.mark.parametrize(("digits", "warned"), [("float32", False), ("float16", True)])
def test_a_result_with_fewer_digits_than_its_dtype_is_caught(digits: str, *, warned: bool) -> None:
    """Half precision is within the tolerance of float32, which is half of its digits."""
    rough = sabotaged(lambda x: (2.0 * x.astype(digits) - 2.0).astype("float32"))
    found = evidence(prepared(rough, replace(CASE, batch_size=1)))
    assert (audit.imprecise(found) is not None) == warned


@pytest.mark.parametrize(("bias", "warned"), [(1.0, False), (1.05, True)])
def test_a_control_whose_ratio_to_itself_is_not_1_is_caught(bias: float, *, warned: bool) -> None:
    off = evidence(prepared(NUMPY), control=control([bias * seconds for seconds in STEADY]))
    assert caught(off) == ({"control off"} if warned else set())


def test_rounds_that_scatter_are_caught() -> None:
    scattered = evidence(prepared(NUMPY), seconds=np.array([1.0, 1.5, 1.0, 1.5, 1.0, 1.5]))
    assert caught(scattered) == {"unstable"}


def test_another_number_of_threads_than_the_rows_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert caught(evidence(prepared(Threaded("numpy", NUMPY.builders)))) == {"threads"}
    monkeypatch.setattr(machine, "pinned_threads", lambda: 99)
    assert caught(evidence(prepared(Threaded("numpy", NUMPY.builders)))) == set()


def test_a_control_that_moved_is_caught() -> None:
    moved = evidence(prepared(NUMPY), control=control([1.0, 1.0, 1.0, 1.5, 1.5, 1.5]))
    assert caught(moved) == {"control moved"}


def test_a_backend_without_probes_is_audited_too() -> None:
    assert NUMPY.probes == Probes()
    assert caught(evidence(prepared(NUMPY))) == set()


def test_the_column_has_each_warning_with_its_remedy() -> None:
    warnings = [AuditWarning("unstable", "quiet; please"), AuditWarning("threads", "two\nlines")]
    assert join(warnings) == "unstable: quiet, please; threads: two lines"
    assert join([]) == ""
