"""`bench run`: every case in several fresh processes. A case that dies or hangs gets a row, and costs no other case."""

from __future__ import annotations

import os
import signal
import tomllib
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import launches, selection
from bench.process import client
from bench.process.client import Side, Worker, WorkerError
from report import table
from tests.checkout import ROOT, Checkout

DEADLY = """
import os, signal, time

from backends.numpy_modes import NumpyMode


def build(act):
    def descent(problem, case, x, data):
        return lambda x, data: act()
    return {"descent": descent}


BACKENDS = (
    NumpyMode("deadly-killed", build(lambda: os.kill(os.getpid(), signal.SIGKILL))),
    NumpyMode("deadly-segfault", build(lambda: os.kill(os.getpid(), signal.SIGSEGV))),
    NumpyMode("deadly-exit", build(lambda: os._exit(3))),
    NumpyMode("deadly-hangs", build(lambda: time.sleep(600))),
    NumpyMode("deadly-prints", build(lambda: print("not an answer"))),
)
"""
QUICK = ("--max-time", "0.01", "--device", "cpu")


def test_the_rounds_of_a_launch_have_the_defaults_of_the_race() -> None:
    """pytest reads its defaults from pyproject.toml, so they stand there and in `bench.launches`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    given = dict(option.split("=") for option in settings["addopts"] if "=" in option)
    assert float(given["--benchmark-min-time"]) == launches.MIN_ROUND_SECONDS
    assert float(given["--benchmark-max-time"]) == launches.MAX_SECONDS
    assert int(given["--benchmark-min-rounds"]) == launches.MIN_ROUNDS


def test_a_run_of_only_times_has_times_and_ratios_and_nothing_else(checkout: Checkout) -> None:
    only = ("--operator", "descent,gradient", "--backend", "numpy,autograd", "--batch-size", "3", "--only-times")
    done = checkout.run("bench", "run", "--launches", "1", *only, *QUICK)
    assert done.returncode == 0, done.stderr
    rows = table.read(checkout.csvs()[0])
    assert rows[["seconds_median", "ratio_to_numpy", "relative_error"]].notna().all(axis=None)
    left_out = ["peak_bytes", "roofline_fraction", "gradient_over_value", "seconds_to_target", "compile_seconds"]
    assert rows[[*left_out, "first_call_seconds", "startup_seconds"]].isna().all(axis=None)


def test_every_launch_measures_every_case_in_its_own_order(checkout: Checkout) -> None:
    """With options that reach the processes, and into a file that no other run may append to."""
    sizes = "1,2,3,4,5,6"
    only = ("--backend", "numpy", "--batch-size", sizes, "--memory", "off", "--relative-to", "numpy")
    options = ("--threads", "1", "--allocator", "steady")
    command = ("bench", "run", "--launches", "2", *only, *options, *QUICK)
    done = checkout.run(*command)
    assert done.returncode == 0, done.stderr
    (path,) = checkout.csvs()
    rows = table.read(path)
    assert rows.groupby("launch")["batch_size"].apply(sorted).tolist() == [[1, 2, 3, 4, 5, 6]] * 2
    assert len({tuple(sizes) for _, sizes in rows.groupby("launch")["batch_size"]}) > 1
    assert (rows["run"] == path.stem).all()
    assert (set(rows["threads"]), set(rows["allocator"])) == ({1}, {"steady"})
    assert "quadratic: descent" in done.stdout
    assert "relative to numpy: a quotient of two geometric means" in " ".join(done.stdout.split())
    assert path.with_suffix(".md").exists()
    again = checkout.run(*command, "-o", str(path))
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert table.read(path).equals(rows)


def test_a_case_that_ends_or_hangs_its_process_has_a_row_and_the_others_are_measured(checkout: Checkout) -> None:
    checkout.write("backends/deadly_modes.py", DEADLY)
    deadly = "deadly-killed,deadly-segfault,deadly-exit,deadly-hangs,deadly-prints,numpy"
    once = ("--launches", "1", "--batch-size", "1", "--timeout", "5")
    done = checkout.run("bench", "run", "--backend", deadly, *once, *QUICK)
    assert done.returncode == 1, done.stderr
    rows = table.read(checkout.csvs()[0]).set_index("backend")
    assert rows["status"].to_dict() == {
        "deadly-killed": "crashed",
        "deadly-segfault": "crashed",
        "deadly-exit": "crashed",
        "deadly-hangs": "timeout",
        "deadly-prints": "wrong",
        "numpy": "ok",
    }
    assert "SIGSEGV" in str(rows.loc["deadly-segfault", "reason"])
    assert "exit code 3" in str(rows.loc["deadly-exit", "reason"])
    assert "longer than 5 s" in str(rows.loc["deadly-hangs", "reason"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--launches", "0"], "--launches '0': must be a whole number, 1 or more"),
        (["--backend", "nunpy"], "did you mean 'numpy'"),
        (
            ["--backend", "numpy", "--relative-to", "jax"],
            "--relative-to 'jax': no row has this backend; there are numpy",
        ),
        (["--backend", "numpy", "--threads", "many"], "--threads 'many'"),
    ],
)
def test_a_wrong_option_is_an_error_of_one_line_and_measures_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    """A name that is unknown has every framework imported, to say what there is: one is enough."""
    monkeypatch.setattr(selection, "usual_frameworks", lambda: ("numpy",))
    assert command.main(["run", "--output", str(tmp_path / "run.csv"), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (tmp_path / "run.csv").exists()


@pytest.mark.parametrize(("kills", "status"), [(1, "oom"), (0, "crashed")])
def test_a_killed_worker_ran_out_of_memory_if_the_system_counts_a_kill_for_memory(
    kills: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Worker(Side(), None, "default") as worker:
        before = client._oom_kills()
        monkeypatch.setattr(client, "_oom_kills", lambda: before + kills)
        os.kill(worker._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError) as death:
            worker.ask("select", 60.0, options={})
    assert death.value.failure.status == status
