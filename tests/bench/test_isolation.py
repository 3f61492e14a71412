"""`--isolation none`: this process measures, by the same code, for a debugger or a profiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

from report import table
from tests.checkout import QUICK, Checkout, environment

RAISING = """
from backends.numpy_modes import NumpyMode


def descent(problem, case, x, data):
    def run(x, data):
        nearby = "here it stopped"
        raise ValueError("in the backend")
    return run


BACKENDS = (NumpyMode("raising", {"descent": descent}),)
"""
ONE = ("--batch-size", "1", "--device", "cpu", "--isolation", "none")


def test_both_ways_measure_the_same_cases_and_columns(checkout: Checkout) -> None:
    frames = {}
    for isolation in ("process", "none"):
        path = checkout.path / f"{isolation}.csv"
        only = ("--backend", "numpy,autograd", "--batch-size", "1", "--device", "cpu", "--results", str(path))
        done = checkout.race(*only, "--isolation", isolation)
        assert done.returncode == 0, done.stdout
        frames[isolation] = table.read(path).sort_values(["backend", "batch_size"])
    one, other = frames.values()
    assert (
        one[["backend", "batch_size", "status"]].values.tolist()
        == other[["backend", "batch_size", "status"]].values.tolist()
    )
    assert one.notna().all().tolist() == other.notna().all().tolist()


def test_a_backend_that_raises_has_a_row_there_too(checkout: Checkout) -> None:
    checkout.write("backends/raising_modes.py", RAISING)
    done = checkout.race("--backend", "raising", *ONE)
    assert done.returncode == 1
    said = "backends/raising_modes.py:8: ValueError: in the backend (raising; parameters x (1,))"
    assert checkout.rows()["reason"].tolist() == [said]


def test_the_debugger_stops_at_the_backends_own_line(checkout: Checkout) -> None:
    checkout.write("backends/raising_modes.py", RAISING)
    command = checkout.command("pytest", "bench/", "--benchmark-only", "--pdb", *QUICK, "--backend", "raising", *ONE)
    done = subprocess.run(
        command,
        cwd=checkout.path,
        env=environment(),
        input="p nearby\nq\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "raising_modes.py(8)run()" in done.stdout
    assert "'here it stopped'" in done.stdout


def test_the_profiler_sees_the_backend(checkout: Checkout) -> None:
    done = checkout.race("--backend", "numpy", *ONE, "--benchmark-cprofile=tottime")
    assert done.returncode == 0, done.stdout
    assert "descent.py" in done.stdout


def test_pythonpath_reaches_the_workers(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "helper_of_a_backend.py").write_text("WORD = 'found'\n")
    source = RAISING.replace('nearby = "here it stopped"', "import helper_of_a_backend").replace(
        '"in the backend"', "helper_of_a_backend.WORD"
    )
    checkout.write("backends/raising_modes.py", source)
    checkout.race(
        "--backend", "raising", "--batch-size", "1", "--device", "cpu", PYTHONPATH=str(tmp_path / "elsewhere")
    )
    assert checkout.rows()["reason"].tolist() == [
        "backends/raising_modes.py:8: ValueError: found (raising; parameters x (1,))"
    ]
