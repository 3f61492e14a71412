"""A fleet behind executors: of a hundred machines some fail, some are late, and one answers for another launch."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pytest

from bench.fleet.hosts import measure_on
from bench.fleet.job import Answer
from report import table
from report.run import cases, machines
from report.table.keys import CASE
from report.write import machines as words
from tests.bench.fleet.answers import answer, csv_of

Trouble: TypeAlias = Callable[[Future[Answer], Answer], object]

MACHINES = 100
OPTIONS: dict[str, Any] = {"launches": 1, "backend": "numpy,jax-loop", "quiet": True}


class Host(Executor):
    """A machine that answers at once, or does what `trouble` does with the future of a task."""

    def __init__(self, index: int, folder: Path, trouble: Trouble | None = None) -> None:
        self.index, self.folder, self.trouble = index, folder, trouble
        self.numbers: list[int] = []

    def submit(self, job: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        """Return the future answer to the task."""
        (task,) = arguments
        self.numbers.append(task["number"])
        future: Future[Answer] = Future()
        found = answer(
            task["number"], f"node{self.index}", csv_of(task["number"], 1e-3 * (1 + self.index), self.folder)
        )
        (self.trouble or _answers)(future, found)
        return future


def _answers(future: Future[Answer], found: Answer) -> None:
    future.set_result(found)


def _is_late(future: Future[Answer], found: Answer) -> None:
    threading.Timer(0.2, future.set_result, [found]).start()


def _dies(future: Future[Answer], found: Answer) -> None:
    future.set_exception(ConnectionError("the node is lost"))


def _refuses(future: Future[Answer], found: Answer) -> None:
    future.set_result(
        found | {"csv": "", "reason": "not measured, since the machine differs: jax 0.9 there, 0.10 here"}
    )


def _is_garbled(future: Future[Answer], found: Answer) -> None:
    future.set_result(found | {"csv": found["csv"][:-40]})


def _repeats_the_first(folder: Path) -> Trouble:
    """Return the trouble of a job whose answer is that of the first launch, again."""
    first = answer(0, "node0", csv_of(0, 1e-3, folder))
    return lambda future, _: future.set_result(first)


def _is_interrupted(future: Future[Answer], found: Answer) -> None:
    future.set_exception(KeyboardInterrupt())


TROUBLES = {7: _dies, 20: _refuses, 30: _is_garbled, 50: _is_late, 51: _is_late}


def hosts(folder: Path, troubles: Mapping[int, Trouble]) -> dict[str, Host]:
    """Return the machines, by name."""
    return {f"m{index}": Host(index, folder, troubles.get(index)) for index in range(MACHINES)}


def lacking(path: Path) -> list[int]:
    """Return the launches that have no rows in the CSV."""
    return sorted(set(range(MACHINES)) - set(table.read(path)["launch"]))


def test_of_a_hundred_machines_nothing_is_lost_and_nothing_is_there_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fleet.csv"
    measure_on(hosts(tmp_path, TROUBLES | {40: _repeats_the_first(tmp_path)}), path, **OPTIONS | {"quiet": False})
    failed = [7, 20, 30, 40]
    assert lacking(path) == failed
    said = capsys.readouterr().err
    assert "96 of 100 launches measured." in said
    assert "1 answer came again, and was dropped." in said
    assert "no rows: launch 7, m7: ConnectionError: the node is lost" in said
    assert "no rows: launch 20, m20: node20: not measured, since the machine differs: jax 0.9 there, 0.10 here" in said
    assert "no rows: launch 30, m30: node30: its answer is not a result CSV: :3: " in said
    assert "no rows: launch 40, m40: its job answered for launch 0" in said

    again = hosts(tmp_path, {7: _is_late})
    rows = measure_on(again, path, **OPTIONS)
    assert sorted(number for host in again.values() for number in host.numbers) == failed
    assert len(rows) == 2 * MACHINES
    assert not rows.duplicated(["launch", *CASE]).any()
    _require_a_series_a_machine(rows)


def _require_a_series_a_machine(rows: pd.DataFrame) -> None:
    every = cases.from_rows(rows)
    assert len(every) == 2 * MACHINES
    assert set(every["machine"]) == {f"node{index}@a1b2c3d4e5" for index in range(MACHINES)}
    own = every[every["backend"] == "numpy"].set_index("machine")["seconds"]
    assert own.to_dict() == pytest.approx({f"node{n}@a1b2c3d4e5": 1e-3 * (1 + n) for n in range(MACHINES)})
    compared = machines.compare(every)
    assert compared["machine"].tolist() == [f"node{index}@a1b2c3d4e5" for index in range(MACHINES)]
    assert (compared["standing"].iloc[0], set(compared["standing"].iloc[1:])) == ("fastest", {"slower"})
    assert "at 100: node0 is the fastest; the next, node1, takes ×2.000" in words.text(every, 80)


def test_an_interrupted_call_keeps_what_came_and_the_same_call_measures_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    first = {f"m{index}": Host(index, tmp_path) for index in range(3)}
    first["m1"].trouble = _is_interrupted
    waiting: list[Future[Answer]] = []
    first["m2"].trouble = lambda future, _: waiting.append(future)
    with pytest.raises(KeyboardInterrupt):
        measure_on(first, path, **OPTIONS)
    assert [future.cancelled() for future in waiting] == [True]
    again = {f"m{index}": Host(index, tmp_path) for index in range(3)}
    rows = measure_on(again, path, **OPTIONS)
    measured_again = [number for host in again.values() for number in host.numbers]
    assert measured_again in ([1, 2], [0, 1, 2])  # as_completed gives ended futures in no order
    assert sorted(rows["launch"]) == [0, 0, 1, 1, 2, 2]


def test_more_launches_are_added_to_a_fleet_and_alike_hosts_count_as_one_machine_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    pair = {name: Host(index, tmp_path) for index, name in enumerate("ab")}
    measure_on(pair, path, **OPTIONS, pool_alike=True)
    rows = measure_on(pair, path, **OPTIONS | {"launches": 2}, pool_alike=True)
    assert [host.numbers for host in pair.values()] == [[0, 2], [1, 3]]
    assert set(rows["machine"]) == {"a1b2c3d4e5"}
    assert set(cases.from_rows(rows)["launches"]) == {4}


def test_a_fleet_goes_on_only_as_it_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fleet.csv"
    measure_on({"a": Host(0, tmp_path)}, path, **OPTIONS)
    with pytest.raises(ValueError, match="begun with other arguments"):
        measure_on({"a": Host(0, tmp_path)}, path, **OPTIONS, dtype="float64")
    with pytest.raises(ValueError, match=r"begun with other places \(a; now b\)"):
        measure_on({"b": Host(0, tmp_path)}, path, **OPTIONS)
    monkeypatch.setattr("bench.fleet.environment._version", lambda _: "9.9")
    with pytest.raises(ValueError, match=r"begun elsewhere \(.*numpy .* there, 9.9 here.*--allow-difference"):
        measure_on({"a": Host(0, tmp_path)}, path, **OPTIONS)
    assert len(measure_on({"a": Host(0, tmp_path)}, path, **OPTIONS, allow_difference=True)) == 2


def test_a_csv_that_no_fleet_wrote_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(csv_of(0, 1.0, tmp_path), encoding="utf-8")
    with pytest.raises(ValueError, match="exists already, and no fleet wrote it"):
        measure_on({"a": Host(0, tmp_path)}, path, **OPTIONS)
    other = tmp_path / "fleet.csv"
    measure_on({"a": Host(0, tmp_path)}, other, **OPTIONS)
    other.write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match="has rows of another run"):
        measure_on({"a": Host(0, tmp_path)}, other, **OPTIONS)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"max_time": "0"}, "must be a number of seconds above 0"), ({"bakend": "numpy"}, "unrecognized arguments")],
)
def test_a_wrong_option_is_an_error_and_submits_nothing(tmp_path: Path, options: dict[str, str], words: str) -> None:
    host = Host(0, tmp_path)
    with pytest.raises(ValueError, match=words):
        measure_on({"a": host}, tmp_path / "fleet.csv", quiet=True, **options)  # type: ignore[arg-type] # of keywords
    assert not host.numbers


def test_the_job_measures_a_real_launch_behind_an_executor_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the user is found from the checkout. The variable that the executor sets does not reach the launch."""
    (tmp_path / "mine.py").write_text("from problems.quadratic import PROBLEM\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    quick: dict[str, Any] = {"backend": "numpy", "batch_size": "1", "device": "cpu", "max_time": "0.01"}
    with Engine(1) as executor:
        rows = measure_on({"here": executor}, "fleet.csv", launches=1, problem="mine.py", quiet=True, **quick)
    assert (rows["status"].tolist(), set(rows["run"]), set(rows["launch"])) == (["ok"], {"fleet"}, {0})
    assert str(rows["problem"].iloc[0]).startswith("mine@")
    assert "OMP_NUM_THREADS" not in str(rows["variables"].iloc[0])


class Engine(ThreadPoolExecutor):
    """An executor that sets a variable for its jobs, as Dask does."""

    def submit(self, job: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        """Submit the job, which then finds the variable."""

        def run() -> Any:
            os.environ["OMP_NUM_THREADS"] = "77"
            return job(*arguments, **keywords)

        return super().submit(run)
