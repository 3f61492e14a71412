"""The experiment on GradBench: its workloads are cases of ours, its rows are read, and its clock waits for nothing."""

from __future__ import annotations

import csv
import itertools
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import backends
from backends.numpy_modes import BACKENDS
from bench import clock
from bench.case import rounds
from experiments.gradbench import __main__ as command
from experiments.gradbench import timing, workloads
from experiments.gradbench.workloads import Times, Workload
from problems import find, instance
from report.statistics.intervals import Interval

BRIEF = ("--seconds", "0.01", "--clock", "0.01")
SMALLEST = ("gmm 2_5_1000", "lse n=2500", "kmeans k=10,n=1000,d=8")


@pytest.mark.parametrize("name", workloads.workloads())
def test_every_published_workload_is_a_case_of_ours(name: str) -> None:
    workload = workloads.workloads()[name]
    case = workload.case("gradient", "numpy")
    assert (case.dtype, case.device) == ("float64", "cpu")
    times = [workloads.published()[workload, tool] for tool in filter(None, workloads.TOOLS.values())]
    assert all(found.value for found in times)
    assert all((found.derivative is None) == (workload.evaluation == "kmeans") for found in times)


def test_the_arrays_have_the_shapes_that_gradbench_names() -> None:
    def shapes(name: str) -> list[tuple[int, ...]]:
        case = workloads.workloads()[name].case("value", "numpy")
        x, data = instance(find(case.problem, case.sizes), case.batch_size, case.dtype)
        return [array.shape for array in (*(x if isinstance(x, tuple) else (x,)), *data)]

    assert shapes("gmm 20_5_1000")[:4] == [(5,), (5, 20), (5, 20 * 21 // 2), (1000, 20)]  # d, k and n
    assert shapes("kmeans k=10,n=1000,d=16") == [(10, 16), (1000, 16)]
    assert shapes("lse n=2500") == [(2500,)]


def test_an_unknown_workload_is_refused() -> None:
    with pytest.raises(ValueError, match="'ba n=1' is no workload of gmm, kmeans or lse"):
        Workload("ba", "n=1").case("value", "numpy")


def test_the_published_rows_are_read() -> None:
    assert workloads.published()[Workload("gmm", "64_100_1000"), "jax"] == Times(0.0229835, 0.0293997)
    assert workloads.published()[Workload("kmeans", "k=10,n=1000,d=8"), "jax"] == Times(5.47525e-05, None)


def test_every_published_row_is_used() -> None:
    with workloads.PUBLISHED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["tool"] for row in rows} == set(filter(None, workloads.TOOLS.values()))
    assert len(rows) == sum(time is not None for times in workloads.published().values() for time in times)


def test_the_command_prints_a_row_for_each_workload_and_mode(capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["--backend", "numpy", "--workload", *SMALLEST, *BRIEF])
    header, _, *rows, _, commit = capsys.readouterr().out.splitlines()
    assert all(row.count(" | ") == header.count(" | ") for row in rows)
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in SMALLEST]
    assert rows[1].endswith("| `manual` | 13.8 µs | 15.7 µs | 1.14 |")
    assert rows[2].endswith("| `manual` | 28.4 µs | – | – |")
    assert all(" left out" not in row for row in rows)
    assert commit.startswith("Measured at commit ")


@pytest.mark.parametrize("name", ["autograd", "torch-grad", "jax-jit"])
def test_a_mode_of_every_framework_is_timed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(name.partition("-")[0])
    command.main(["--backend", name, "--workload", "lse n=2500", *BRIEF])
    assert "left out" not in capsys.readouterr().out


def test_a_row_for_which_no_time_is_left_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["--backend", "numpy", "--workload", "lse n=2500", "--minutes", "0", *BRIEF])
    header, _, row, *_ = capsys.readouterr().out.splitlines()
    assert row.startswith("| lse n=2500 | `numpy` | left out: the 0 minutes were over |")
    assert row.count(" | ") == header.count(" | ")


def test_a_missing_framework_and_a_wrong_answer_are_rows() -> None:
    workload = workloads.workloads()["lse n=2500"]
    missing = command.row(workload, "jax-jit", backends.Found({}, {"jax": "no jax | here"}), 0.01, 0.01)
    assert missing[2] == "left out: no jax | here"
    (numpy,) = (backend for backend in BACKENDS if backend.name == "numpy")
    wrong = Wrong(numpy.name, {**numpy.builders, "value": lambda *_: lambda x, _: np.sum(x)})
    assert "is off by" in command.row(workload, "numpy", backends.Found({"numpy": wrong}), 0.01, 0.01)[2]


class Wrong(backends.Backend):
    def __init__(self, name: str, builders: Any) -> None:
        self.name, self.builders = name, builders

    def version(self) -> str:
        return "0"


def test_a_time_with_a_wide_interval_is_marked() -> None:
    tight, wide = (Interval(0.001, 0.001 - half, 0.001 + half) for half in (0.00001, 0.0001))
    cells = command.timed(timing.Timing(tight, 0.002), timing.Timing(wide, 0.003))
    assert cells == ["1.00 ms", "~1.00 ms", "1.000 [0.891, 1.111]", "2.00 ms", "3.00 ms", "1.50"]


def test_what_nobody_waits_for_is_not_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call takes 0.25 s to return, and its result another 100 s."""
    reading = itertools.count().__next__
    seconds, waited = [0.0], []
    monkeypatch.setattr(clock, "now", lambda: seconds[0])

    def start() -> int:
        seconds[0] += 0.25
        return reading()

    def wait(result: int) -> None:
        seconds[0] += 100.0
        waited.append(result)

    assert timing.unawaited_mean(start, wait, 1.0) == pytest.approx(0.25)
    assert waited == [3]  # the last of four calls, once the clock had stopped


def test_calls_that_return_early_are_all_on_the_clock_before_any_result_is_there() -> None:
    started: list[Future[bool]] = []
    done_before_the_wait = []
    may_finish = threading.Event()

    def start() -> Future[bool]:
        started.append(pool.submit(may_finish.wait))
        return started[-1]

    def wait(result: Future[bool]) -> None:
        done_before_the_wait.append(any(future.done() for future in started))
        may_finish.set()
        result.result()

    with ThreadPoolExecutor(1) as pool:
        timing.unawaited_mean(start, wait, 1e-3)
        assert done_before_the_wait == [False]
        assert all(future.done() for future in started)


def test_our_rounds_wait_for_each_call() -> None:
    with ThreadPoolExecutor(1) as pool:
        case = backends.Case("value", "quadratic", "numpy", 1, "float32", "cpu", 1)
        call = rounds.awaited(lambda: pool.submit(time.sleep, 0.005), lambda future, _: future.result(), case)
        measured = timing.awaited_seconds(call, 0.0)
    assert len(measured) == timing.MIN_ROUNDS
    assert min(measured) >= 0.005  # time.sleep sleeps no less
