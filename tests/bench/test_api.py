"""`from bench import race`: problems of this process, built-in ones and files are raced from Python."""

from __future__ import annotations

import importlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import problems
from bench import race, selection
from bench.own.identity import name_of
from bench.process import client
from problems import Array, Data, Preset, Problem
from report import table
from tests.checkout import ROOT, environment

SHIFT = 1.0
LOCK = threading.Lock()
QUICK: dict[str, Any] = {"max_time": 0.01, "memory": False, "warm_cache": False, "devices": "cpu", "quiet": True}
ONE: dict[str, Any] = {"backends": "autograd", "batch_sizes": 2} | QUICK

FILE = """
from problems import Problem


def loss(xp, x, data):
    return xp.sum((x - 1.0) ** 2)


def draw(rng, batch_size):
    return rng.standard_normal(batch_size), ()


FIRST = Problem("any", loss, draw=draw)
SECOND = Problem("any", loss, draw=draw, steps=7)
"""


def loss(xp: Any, x: Array, data: Data) -> Array:
    return xp.sum((x - SHIFT) ** 2)


def draw(rng: Any, batch_size: int, dimension: int = 3) -> tuple[Array, Data]:
    return rng.standard_normal((batch_size, dimension)), ()


MINE = Problem("mine", loss, draw=draw, sizes={"dimension": 3}, steps=5, batch_sizes=(2, 4))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the temporary files of a test. Every test leaves none, and no worker."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_is_left(temporary: Path) -> Iterator[None]:
    yield
    assert not list(temporary.iterdir())
    assert not list(client._alive)


def test_a_problem_of_this_process_is_raced_and_named_by_its_source() -> None:
    frame = race(MINE, backends=["numpy", "autograd"], dtypes="float64", **QUICK)
    assert set(frame["problem"]) == {name_of(MINE)}
    assert frame.groupby("backend")["status"].agg(set).to_dict() == {"numpy": {"unsupported"}, "autograd": {"ok"}}
    assert sorted(frame["batch_size"]) == [2, 2, 4, 4]
    assert set(frame["steps"]) == {5}
    assert set(frame["dtype"]) == {"float64"}


def test_arguments_are_those_of_the_race() -> None:
    arguments: dict[str, Any] = {
        "operators": ["gradient", "descent"],
        "steps": 3,
        "sizes": {"dimension": 8},
        "threads": 1,
    }
    frame = race(MINE, case_timeout=100, min_rounds=7, **arguments, **ONE)
    assert set(frame["operator"]) == {"gradient", "descent"}
    assert frame.set_index("operator")["steps"].to_dict() == {"gradient": 1, "descent": 3}
    assert set(frame["sizes"]) == {"dimension=8"}
    assert set(frame["threads"]) == {1}
    assert frame["rounds"].min() >= 7


def test_a_slow_case_has_few_rounds_but_an_interval() -> None:
    (row,) = race("quadratic", backends="numpy", batch_sizes=100_000, steps=50, **QUICK | {"max_time": 1e-6}).to_dict(
        "records"
    )
    assert row["rounds"] == 6
    assert row["seconds_ci_low"] < row["seconds_ci_high"]


def test_a_preset_of_a_problem_has_its_sizes_and_its_batch_sizes() -> None:
    wide = replace(MINE, presets={"wide": Preset({"dimension": 9}, batch_sizes=(6,))})
    assert name_of(wide) == name_of(MINE)
    (row,) = race(wide, sizes="wide", backends="autograd", **QUICK).to_dict("records")
    assert (row["status"], row["sizes"], row["batch_size"]) == ("ok", "dimension=9", 6)


def test_built_in_problems_files_and_objects_are_raced_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE, encoding="utf-8")
    given: list[Problem | str] = ["logistic", f"{path}:SECOND", MINE, problems.load()["quadratic"]]
    frame = race(given, sizes={"logistic.dimension": 4, "mine.dimension": 5}, **ONE).set_index("problem")
    hashed = problems.find_file(f"{path}:SECOND").name
    assert set(frame.index) == {"logistic", hashed, name_of(MINE), "quadratic"}
    assert frame["sizes"].to_dict() == {
        "logistic": "dimension=4",
        hashed: "",
        name_of(MINE): "dimension=5",
        "quadratic": "",
    }
    assert set(frame["status"]) == {"ok"}


def test_the_rows_are_kept_where_the_user_says(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    frame = race("quadratic", results=path, **ONE)
    assert table.read(path).equals(frame)
    with pytest.raises(ValueError, match=r"kept\.csv exists already"):
        race("quadratic", results=str(path), **ONE)


def test_a_module_that_no_worker_can_import_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "terms.py").write_text("def squared(r):\n    return r * r\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    terms = importlib.import_module("helpers.terms")
    by_module = replace(MINE, loss=lambda xp, *args: xp.sum(terms.squared(args[0])))
    function = terms.squared
    by_name = replace(MINE, name="other", loss=lambda xp, *args: xp.sum(function(args[0])))
    frame = race([by_module, by_name], **ONE)
    assert frame["status"].tolist() == ["ok", "ok"]
    assert "helpers.terms" not in cloudpickle.list_registry_pickle_by_value()


def test_a_module_of_torch_that_a_loss_holds_comes_along() -> None:
    torch = pytest.importorskip("torch")
    layer = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Tanh()).double()

    def held(x: Array, data: Data) -> Array:
        return (torch.func.functional_call(layer, dict(layer.named_parameters()), (x,)) ** 2).sum()

    of_torch = Problem("layer", draw=MINE.draw, losses={"torch": held}, steps=3)
    frame = race(of_torch, backends="torch-grad", batch_sizes=2, dtypes="float64", **QUICK)
    assert frame[["status", "reason"]].values.tolist() == [["ok", ""]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"problem": "quadratc"}, "did you mean 'quadratic'"),
        ({"problem": []}, "problem: name at least one"),
        ({"problem": "no/such.py"}, "problem 'no/such.py': No such file"),
        ({"problem": replace(MINE, name="a,b")}, "problem 'a,b': its name may have letters, digits"),
        (
            {"problem": replace(MINE, loss=lambda *args: (LOCK, args))},
            "problem 'mine': no worker can get it: TypeError: .*lock",
        ),
        ({"problem": [MINE, replace(MINE, steps=6)]}, "two problems 'mine' differ in sizes, presets, steps"),
        ({"backends": []}, "backends: name at least one"),
        ({"backends": ["nunpy"]}, "did you mean 'numpy'"),
        ({"batch_sizes": [1.5]}, "batch size '1.5': must be a whole number"),
        ({"operators": "hess"}, "unknown operator 'hess'"),
        ({"sizes": {"width": 3}}, "unknown size of mine"),
        ({"sizes": "large"}, r"size 'large': no such preset in mine@\w+; it is in attention, gmm, softmax_mlp"),
        ({"problem": [MINE, "logistic"], "sizes": {"dimension": 3}}, "sizes 'dimension': there are several problems"),
        ({"steps": 0}, "steps '0'"),
        ({"max_time": -1}, "max_time '-1'"),
        ({"min_rounds": "x"}, "min_rounds 'x'"),
        ({"threads": 0}, "threads '0'"),
    ],
)
def test_a_wrong_argument_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], words: str
) -> None:
    """A name that is unknown has every framework imported, to say what there is: one is enough."""
    monkeypatch.setattr(selection, "usual_frameworks", lambda: ("numpy",))
    with pytest.raises(ValueError, match=words) as refused:
        race(**{"problem": MINE} | ONE | arguments)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.night  # the notebook of the documents makes the same race from Python by day
def test_the_example_of_the_documents_runs_as_a_script(tmp_path: Path) -> None:
    section = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8").partition("## In Python\n")[2]
    example = (
        section.partition("```python\n")[2].partition("```")[0].replace("max_time=0.5", "max_time=0.01, memory=False")
    )
    (tmp_path / "script.py").write_text(example, encoding="utf-8")
    env = environment() | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^neuron@[0-9a-f]{8}: descent of 100 steps", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^(?:torch-grad|autograd) .* µs .* µs", done.stdout, re.MULTILINE)) == 2


def test_what_a_loss_raises_is_said_with_the_line_of_its_source() -> None:
    def raising(xp: Any, x: Array, data: Data) -> Array:
        raise RuntimeError("torn")

    (reason,) = race(replace(MINE, loss=raising), **ONE)["reason"]
    line = raising.__code__.co_firstlineno + 1
    assert re.search(rf"no reference: (?!/)\S*:{line}: RuntimeError: torn \(autograd; parameters x \(2, 3\)\)$", reason)


def test_importing_bench_imports_no_numpy_and_offers_race_and_its_commands_do_without_what_takes_a_second() -> None:
    light = "import bench, sys; assert not {'numpy', 'pandas'} & set(sys.modules); assert 'race' in dir(bench)"
    refused = "assert not hasattr(bench, 'rase'); from bench import machine; assert 'numpy' not in sys.modules"
    commands = "import bench.__main__; assert not {'scipy.stats', 'scipy.optimize'} & set(sys.modules)"
    checks = f"{light}; {refused}; {commands}"
    subprocess.run([sys.executable, "-c", checks], cwd=ROOT, env=environment(), check=True)


SCRIPT = """
import numpy as np

from bench import race, selection
from problems import Problem


def loss(xp, x, data):
    return xp.sum((x - 1.0) ** 2)


def draw(rng, batch_size):
    return rng.standard_normal(batch_size), ()


try:
    race(Problem("mine", loss, draw=draw), backends="autograd", batch_sizes=2, max_time=600, devices="cpu")
except KeyboardInterrupt:
    print("interrupted", flush=True)
    input()
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked up in /proc")
def test_ctrl_c_ends_the_workers_of_a_process_that_goes_on_and_deletes_its_files(temporary: Path) -> None:
    script = temporary.parent / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    env = environment() | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(script)], env=env, stdin=pipe, stdout=pipe, text=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(lambda: any(b"bench.worker" in command(child) for child in children.read_text().split()))
        wait_until(lambda: any(temporary.glob("*/*.csv")))
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "interrupted\n"
        assert not any(b"bench.worker" in command(child) for child in children.read_text().split())
        assert not list(temporary.iterdir())
        process.communicate("\n")
    assert process.returncode == 0


def command(process: str) -> bytes:
    """Return the command line of a process; nothing if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
