"""The self-audit: each warning has a saboteur that it must catch, and no honest backend gets a warning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import problems
from backends import Probes, spread
from backends.numpy_modes import NumpyMode
from bench import machine
from bench.case import audit, prepare
from bench.case.audit import Evidence
from problems import ADAM
from report.table.warnings import AuditWarning, join
from tests.bench.case.evidence import CASE, FOUND, NUMPY, STEADY, control, evidence, prepared, sabotaged


def caught(found: Evidence) -> set[str]:
    """Return the names of the warnings."""
    return {warning.name for warning in audit.warnings_of(found)}


@pytest.mark.parametrize("problem", ["quadratic", "least_squares", "kmeans"])
@pytest.mark.parametrize("name", FOUND.backends)
def test_an_honest_backend_gets_no_warning(name: str, problem: str) -> None:
    """Checked here: compilations, dtypes, folded constants and threads, which do not depend on a calm machine."""
    backend, chosen = FOUND.backends[name], problems.load()[problem]
    if backend.compiled and name.startswith("torch"):
        pytest.skip("compiling takes seconds, and the test of the race covers it")
    for operator in ("descent", "gradient"):
        case = replace(CASE, operator=operator, problem=problem, steps=10, batch_size=200)
        if prepare.refusal(case, backend, chosen) is None:
            assert caught(evidence(prepared(backend, case, chosen))) <= drifting(name, problem)


def drifting(name: str, problem: str) -> set[str]:
    """Return the warnings that are right: HIPS autograd computes the gradient of a minimum in float64."""
    return {"dtype drifted"} if (name, problem) == ("autograd", "kmeans") else set()


class Threaded(NumpyMode):
    """A backend whose framework says that it computes with 99 threads."""

    probes = Probes(threads=lambda: 99)


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
    from backends.parts.jax import builders as jax_builders  # noqa: PLC0415 (only if JAX is installed)

    def closed(problem: Any, case: Any, x: Any, data: Any) -> Any:
        gradient = jax_builders.gradient(problem)
        return spread(jax_builders.compiled(lambda *_: gradient(x, *data), x, *data), "gradient")

    honest: Any = FOUND.backends["jax-jit"]
    problem = problems.load()["least_squares"]
    folding = type(honest)("jax-jit", {"gradient": closed})
    assert caught(evidence(prepared(folding, problem=problem))) == {"constants folded"}
    assert caught(evidence(prepared(honest, problem=problem))) == set()


@pytest.mark.parametrize(("cores", "warned"), [(0.3, False), (2.1, False), (2.3, True)])
def test_more_cores_than_threads_are_caught(monkeypatch: pytest.MonkeyPatch, cores: float, *, warned: bool) -> None:
    monkeypatch.setattr(machine, "pinned_threads", lambda: 2)
    assert caught(evidence(prepared(NUMPY), cores=cores)) == ({"cores"} if warned else set())


@pytest.mark.parametrize(("digits", "warned"), [("float32", False), ("float16", True)])
def test_a_result_with_fewer_digits_than_its_dtype_is_caught(digits: str, *, warned: bool) -> None:
    """Half precision is within the tolerance of float32, which is half of its digits."""
    rough = sabotaged(lambda x: (2.0 * x.astype(digits) - 2.0).astype("float32"))
    found = evidence(prepared(rough, replace(CASE, batch_size=1)))
    assert (audit.imprecise(found) is not None) == warned


@pytest.mark.parametrize(("roundings", "warned"), [(100.0, False), (400.0, True)])
def test_adam_may_lose_the_digits_that_its_bias_has_lost(roundings: float, *, warned: bool) -> None:
    found = evidence(prepared(NUMPY, replace(CASE, operator="descent", optimizer=ADAM, steps=3)))
    error = roundings * float(np.finfo("float32").eps)
    off = replace(found, prepared=replace(found.prepared, relative_error=error))
    assert (audit.imprecise(off) is not None) == warned


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
