"""The evidence about one case: what one call calls, where its time goes, and which operations its program has."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace

import numpy as np
import pytest

from bench.case.causes import calls, gather, shares
from tests.bench.case.evidence import CASE, NUMPY, QUADRATIC, prepared, sabotaged

DESCENT = replace(CASE, operator="descent", steps=3)


def test_calls_are_those_of_one_call_after_warm_up() -> None:
    before: list[int] = []

    def call() -> float:
        before.append(len(before))
        if len(before) <= calls.WARM_CALLS:
            sorted(before)
        return float(sum(1 for _ in "ab"))

    found = calls.counted(call)
    here = "test_calls_are_those_of_one_call_after_warm_up.<locals>.call"
    assert {name.rpartition(":")[2]: count for name, count in found.items()} == {
        here: 1,
        "list.append": 1,
        "builtins.len": 2,
        "builtins.sum": 1,
        f"{here}.<locals>.<genexpr>": 3,
    }


def test_counting_leaves_no_profiler_and_collects_no_garbage() -> None:
    collecting: list[bool] = []
    calls.counted(lambda: collecting.append(gc.isenabled()))
    assert collecting == [True] * calls.WARM_CALLS + [False]
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        calls.counted(lambda: 1 / (len(collecting) - len(collecting)))
    assert sys.getprofile() is None


def test_the_share_is_that_of_a_functions_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "BLOCK_SECONDS", 0.001)

    def work() -> int:
        return sum([number * number for number in range(20_000)])

    found = shares.profiled(prepared(sabotaged(lambda x: (work(), 2.0 * x - 2.0)[1])))
    assert sum(share for share, _, _ in found.values()) == pytest.approx(1.0, abs=0.05)
    assert all(low <= share <= high for share, low, high in found.values())
    own = sum(share for name, (share, _, _) in found.items() if "work" in name)
    assert own > found["builtins.sum"][0] > 0


def test_the_evidence_has_every_part() -> None:
    found = gather.gather(DESCENT, NUMPY, QUADRATIC)
    assert found["calls"]["problems/quadratic.py:gradient"] == 3
    assert found["operations"] == {"NumPy functions": {"numpy.multiply": 6, "numpy.subtract": 3, "numpy.add": 3}}
    assert found["unread"] == ""
    assert found["compile_seconds"] > 0
    assert found["versions"]["numpy"] == np.__version__
    assert set(found["shares"]) >= {"problems/quadratic.py:gradient"}


def test_operations_that_cannot_be_read_have_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_arguments: object) -> object:
        raise AttributeError("no such attribute:\nas_text")

    backend = sabotaged(lambda x: 2.0 * x - 2.0)
    monkeypatch.setattr(type(backend), "operations", raises)
    found = gather._operations(prepared(backend))
    assert found["operations"] == {}
    assert found["unread"].startswith("AttributeError: no such attribute")


def test_the_peak_is_the_lowest_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = iter([1_000_000, 100, None, None, None, None])
    monkeypatch.setattr(gather, "peak_bytes", lambda _: next(peaks))
    assert gather._peak_bytes(prepared(NUMPY)) == 100
    assert gather._peak_bytes(prepared(NUMPY)) is None
