"""The warnings that rest on calls after the rounds: each has a saboteur that it must catch, and an honest twin.

Their programs say themselves how long they take, on a clock that nothing else moves: a busy machine changes no outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backends import Case, Run, Stepwise
from backends.numpy_modes import NumpyMode
from bench.case import audit, prepare, rounds
from bench.case.audit import Evidence
from bench.case.figures import probe as probing
from bench.case.figures.probe import probe
from problems import PAIR, Array, Data, Problem, tree_map
from tests.bench.case.evidence import CASE, FOUND, NUMPY, STEADY, evidence, prepared, sabotaged


def probed(prepared: prepare.Prepared, seconds: float = 1e-4) -> Evidence:
    """Return the evidence about a case with calm rounds of `seconds`, as the program's own calls give it."""
    calls = seconds * np.asarray(STEADY)
    return evidence(prepared, probed=probe(prepared, seconds), seconds=calls)


class Clock:
    """A clock that only `advance` moves, but for a microsecond a reading."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        self.advance(1e-6)
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the probe."""
    clock = Clock()
    for module in (probing, rounds):
        monkeypatch.setattr(module, "now", clock.now)
    return clock


class Late:
    """A result that is computed only after a while, as on a device that nobody waits for."""

    shape = (100,)

    def __init__(self, array: Any, clock: Clock) -> None:
        self.array, self.clock = array, clock

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self.clock.advance(0.01)
        return np.asarray(self.array, dtype=dtype)


class Unwaiting(NumpyMode):
    """A backend whose wait does not wait."""

    def fetch(self, result: Any, case: Case) -> Any:
        return tree_map(np.asarray, result)


@pytest.mark.parametrize("size", [100, 100_000])
def test_a_result_that_is_not_awaited_is_caught(clock: Clock, size: int) -> None:
    late = sabotaged(lambda x: Late(2.0 * x - 2.0, clock)).builders
    case = replace(CASE, batch_size=size)
    for builders, warned in ((late, True), (NUMPY.builders, False)):
        found = probed(prepared(Unwaiting("numpy", builders), case))
        assert (audit.not_awaited(found) is not None) == warned


def test_a_gradient_that_is_not_awaited_is_caught_beside_its_value(clock: Clock) -> None:
    def late(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return lambda x, data: (problem.numpy_loss(x, data), Late(problem.gradient(x, data), clock))

    case = replace(CASE, operator=PAIR)
    for builders, warned in (({PAIR: late}, True), (NUMPY.builders, False)):
        found = probed(prepared(Unwaiting("numpy", builders), case))
        assert (audit.not_awaited(found) is not None) == warned


def test_jax_without_its_wait_is_caught_and_with_it_is_not() -> None:
    if "jax-loop" not in FOUND.backends:
        pytest.skip(FOUND.missing["jax"])
    honest: Any = FOUND.backends["jax-loop"]

    def forget(self: Any, result: Any, case: Case) -> None:
        pass

    never_waits = type("NeverWaits", (type(honest),), {"wait": forget})
    case = replace(CASE, operator="descent", batch_size=1_000_000, steps=200)
    for backend, warned in ((never_waits("jax-loop", honest.builders), True), (honest, False)):
        ready = prepared(backend, case)
        start = time.perf_counter()
        ready.call()
        found = probed(ready, time.perf_counter() - start)
        assert (audit.not_awaited(found) is not None) == warned


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


STEP_SECONDS = 2e-5
"""How long a step of a descent takes."""


def descending(descend: Callable[[Problem, Case, Array, Data], tuple[Array, float]], clock: Clock) -> NumpyMode:
    """Return NumPy with this descent from x, which also returns how long it took."""

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        def run(x: Array, data: Data) -> Array:
            end, seconds = descend(problem, case, x, data)
            clock.advance(seconds)
            return end

        return run

    return NumpyMode("numpy", {"descent": build})


def whole(problem: Problem, case: Case, x: Array, data: Data) -> tuple[Array, float]:
    for _ in range(case.steps):
        x = x - problem.rate_at(x, data) * problem.gradient(x, data)
    return x, case.steps * STEP_SECONDS


def until_converged(problem: Problem, case: Case, x: Array, data: Data) -> tuple[Array, float]:
    """Stop where a step is a rounding error of the position. At the slow rate of the check that is never."""
    for number in range(case.steps):
        step = problem.rate_at(x, data) * problem.gradient(x, data)
        if np.max(np.abs(step)) < 1e-6:
            return x, number * STEP_SECONDS
        x = x - step
    return x, case.steps * STEP_SECONDS


@pytest.mark.parametrize(("descend", "warned"), [(whole, False), (until_converged, True)])
def test_a_descent_that_ends_early_is_caught(clock: Clock, descend: Any, *, warned: bool) -> None:
    """float32 has converged after about 60 of the 100 steps, so the answer is right either way."""
    case = replace(CASE, operator="descent", steps=100)
    found = probed(prepared(descending(descend, clock), case), 100 * STEP_SECONDS)
    assert (audit.ends_early(found) is not None) == warned


def short(problem: Problem, case: Case, x: Array, data: Data) -> tuple[Array, float]:
    """A call costs more than its loop, and the program of 100 steps lies badly, and takes longer."""
    end, _ = whole(problem, case, x, data)
    return end, 5e-6 + case.steps * 1e-8 + (1.5e-6 if case.steps == 100 else 0.0)


def test_a_short_loop_is_lengthened_until_it_is_more_than_what_a_call_costs(clock: Clock) -> None:
    case = replace(CASE, operator="descent", steps=100)
    found = probed(prepared(descending(short, clock), case), 7e-6)
    assert audit.ends_early(found) is None


@pytest.mark.parametrize("slots", [0, 1, 1000])
def test_a_program_that_remembers_answers_is_caught(clock: Clock, slots: int) -> None:
    """It is right from every start: only its time gives it away. With one slot, the usual start is soon forgotten."""

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        answers: dict[bytes, Array] = {}

        def run(x: Array, data: Data) -> Array:
            key = x.tobytes()
            if key in answers:
                return answers[key]
            clock.advance(0.002)
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


@pytest.mark.parametrize(("disturbed", "warned"), [(2, False), (1000, True)])
def test_a_few_disturbed_calls_are_no_reason_for_a_warning(clock: Clock, disturbed: int, *, warned: bool) -> None:
    """Other processes lengthen the first calls with a new start. These are measured again; the control has no end."""
    usual: list[bytes] = []
    left = [disturbed]

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        usual.append(x.tobytes())

        def run(x: Array, data: Data) -> Array:
            clock.advance(1e-3)
            if x.tobytes() not in usual and clock.seconds > 1.0 and left[0]:
                left[0] -= 1
                clock.advance(5e-3)
            return problem.gradient(x, data)

        return run

    ready = prepared(NumpyMode("numpy", {"gradient": build}))
    clock.advance(1.0)  # the checks before the rounds are over
    assert (audit.remembers(probed(ready, 1e-3)) is not None) == warned


def closed_form(problem: Problem, case: Case, x: Array, data: Data) -> tuple[Array, float]:
    """All steps at once: right from every start and at every rate."""
    left = (1.0 - 2.0 * problem.rate_at(x, data)) ** case.steps
    return (1.0 + left * (x - 1.0)).astype(x.dtype), STEP_SECONDS


def test_a_closed_form_in_place_of_a_descent_is_caught(clock: Clock) -> None:
    case = replace(CASE, operator="descent", steps=100)
    warning = audit.ends_early(probed(prepared(descending(closed_form, clock), case), STEP_SECONDS))
    assert warning is not None
    assert warning.remedy.startswith("four times the steps take 1.0 ")


def test_a_step_that_rests_once_it_has_converged_is_caught(clock: Clock) -> None:
    def step(x: Array) -> Array:
        if np.max(np.abs(x - 1.0)) < 1e-6:
            return x
        clock.advance(STEP_SECONDS)
        return x - np.float32(0.1) * (2.0 * x - 2.0)

    def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
        return Stepwise(step, case.steps)

    case = replace(CASE, operator="descent", steps=100)
    found = probed(prepared(NumpyMode("numpy", {"descent": build}), case), 100 * STEP_SECONDS)
    assert audit.ends_early(found) is not None
