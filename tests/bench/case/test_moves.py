"""The arrays of a case move during its rounds: where they lie changes a time by some percent."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from backends import Case, Run
from backends.numpy_modes import NumpyMode
from bench.case.check.errors import WrongResultError
from bench.case.measure import MOVES, Timing
from bench.case.prepare import relocate
from bench.case.rounds import Budget
from problems import Array, Data, Problem
from tests.bench.case.evidence import NUMPY, prepared


def begun(rounds: int, backend: Any = NUMPY) -> Timing:
    """Return the timing of a case with so many rounds, each as short as can be."""
    timing = Timing(prepared(backend), Budget(0.0, 0.0, rounds, only_times=True), ())
    timing.begin()
    return timing


@pytest.mark.parametrize(("rounds", "places"), [(1, 1), (6, 6), (9, 9), (40, 9), (240, 9)])
def test_the_arrays_lie_at_nine_places_or_at_one_for_each_round(rounds: int, places: int) -> None:
    timing = begun(rounds)
    kept = []  # an array that is freed may be found at the same place again
    for _ in range(rounds):
        timing.round()
        kept.append((timing.prepared.placed[0], timing.rounds.reference))
    assert len({id(array) for array, _ in kept}) == min(places, 1 + MOVES)
    assert len({id(reference) for _, reference in kept}) == min(places, 1 + MOVES)
    assert len(timing.seconds) == rounds


def test_the_moved_arrays_hold_the_same_numbers_and_are_read_only() -> None:
    before = prepared(NUMPY)
    after = relocate(before)
    assert not np.shares_memory(before.host[0], after.host[0])
    np.testing.assert_array_equal(before.host[0], after.host[0])
    assert not after.host[0].flags.writeable


def build(problem: Problem, case: Case, x: Array, data: Data) -> Run:
    return partial(problem.gradient)  # a new object each time


class Compiled(NumpyMode):
    compiled = True


@pytest.mark.parametrize(("mode", "again"), [(NumpyMode, True), (Compiled, False)])
def test_only_a_mode_that_compiles_nothing_is_built_again(mode: type[NumpyMode], *, again: bool) -> None:
    """One that compiles at its first call would compile in a round."""
    before = prepared(mode("numpy", {"gradient": build}))
    assert (relocate(before).run is not before.run) == again


class Lossy(NumpyMode):
    """Puts other numbers than it is given, once it is told to."""

    lossy = False

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Any, ...]:
        return tuple(array + 1 if self.lossy else array for array in arrays)


def test_arrays_that_are_wrong_after_the_last_move_cost_the_case_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    timing = begun(3, Lossy("numpy", {"gradient": build}))
    monkeypatch.setattr(Lossy, "lossy", True)
    for _ in range(3):
        timing.round()
    with pytest.raises(WrongResultError, match="in its arrays on the device"):
        timing.finish()
