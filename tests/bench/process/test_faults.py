"""Backends that die, hang or misbehave: each costs itself a row, and the race goes on and ends by itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from report import table
from tests.checkout import copy_to

HELPERS = """
import ctypes, os, signal, sys, threading, time

import numpy as np

from backends.numpy_modes import NumpyMode, hand_derived


def acting(act):
    def descent(problem, case, x, data):
        honest = hand_derived(problem, case, x, data)
        calls = []

        def run(x, data):
            calls.append(None)
            act(len(calls))
            return honest(x, data)

        return run
    return {"descent": descent}


def later(act):
    # After the check and the calibration: in the middle of the rounds.
    return lambda call: act() if call == 25 else None


def raising(error):
    def act(call):
        raise error
    return act


def deep():
    return deep()


def forks(call):
    if call == 1 and os.fork() == 0:
        time.sleep(600)


def daemonises(call):
    if call == 1 and os.fork() == 0:
        os.setsid()
        time.sleep(600)


def lingers(call):
    if call == 1:
        threading.Thread(target=time.sleep, args=(600,)).start()


def stays(call):
    # A thread keeps the process, and a child keeps the channel open.
    forks(call)
    lingers(call)
    os.closerange(0, 256)


def nan(problem, case, x, data):
    return lambda x, data: x * np.nan


class NoVersion(NumpyMode):
    def version(self):
        raise OSError("no version file")


class NoDevice(NumpyMode):
    def missing_device(self, device):
        raise RuntimeError("the driver is asleep")


def writable(fd):
    try:
        os.write(fd, b"")
    except OSError:
        return False
    return True
"""

FAULTY = r"""
ODD = 'nul \0, lone \ud800, "quoted"; comma, and\na new line <b> @all'

BACKENDS = (
    NumpyMode("faulty-segfault", acting(lambda call: ctypes.string_at(0))),
    NumpyMode("faulty-exit", acting(lambda call: os._exit(3))),
    NumpyMode("faulty-systemexit", acting(raising(SystemExit(0)))),
    NumpyMode("faulty-interrupt", acting(raising(KeyboardInterrupt()))),
    NumpyMode("faulty-abort", acting(later(os.abort))),
    NumpyMode("faulty-prints", acting(lambda call: os.write(1, b"not an answer\n") if call < 9 else None)),
    NumpyMode("faulty-closes", acting(lambda call: os.closerange(0, 256))),
    NumpyMode("faulty-stays", acting(stays)),
    NumpyMode("faulty-garbage", acting(lambda call: [os.write(fd, b"{]\n") for fd in range(3, 64) if writable(fd)])),
    NumpyMode("faulty-forks", acting(forks)),
    NumpyMode("faulty-daemon", acting(daemonises)),
    NumpyMode("faulty-thread", acting(lingers)),
    NumpyMode("faulty-memory", acting(raising(MemoryError("Unable to allocate 1 TiB")))),
    NumpyMode("faulty-recursion", acting(lambda call: deep())),
    NumpyMode("faulty-odd", acting(raising(ValueError(ODD)))),
    NumpyMode("faulty-nan", {"descent": nan}),
    NoVersion("faulty-version", {"descent": hand_derived}),
    NoDevice("faulty-device", {"descent": hand_derived}),
)
"""

ENDLESS = """
BACKENDS = (
    NumpyMode("endless-sleeps", acting(lambda call: time.sleep(600))),
    NumpyMode("endless-computes", acting(lambda call: sum(range(10**13)))),
    NumpyMode("endless-stalls", acting(later(lambda: time.sleep(600)))),
)
"""

STATUSES = {
    "segfault": ("crashed", "by SIGSEGV"),
    "exit": ("crashed", "with exit code 3"),
    "systemexit": ("error", "SystemExit: 0"),
    "interrupt": ("error", "KeyboardInterrupt"),
    "abort": ("crashed", "by SIGABRT"),
    "prints": ("ok", ""),
    "closes": ("crashed", "the process"),
    "stays": ("crashed", "the process"),
    "garbage": ("crashed", "something other than an answer"),
    "forks": ("ok", ""),
    "daemon": ("ok", ""),
    "thread": ("ok", ""),
    "memory": ("oom", "Unable to allocate 1 TiB"),
    "recursion": ("error", "RecursionError"),
    "odd": ("error", '"quoted"; comma, and a new line <b> @all'),
    "nan": ("wrong", "faulty-nan"),
    "version": ("error", "OSError: no version file"),
    "device": ("error", "RuntimeError: the driver is asleep"),
}

IMPORTS = {
    "raising": ("raise RuntimeError('jaxlib does not fit')", "RuntimeError: jaxlib does not fit"),
    "exiting": ("raise SystemExit('bye')", "SystemExit: bye"),
    "aborting": ("import os; os.abort()", "by SIGABRT"),
    "broken": ("def f(:", "SyntaxError"),
}
HANGING = "import time; time.sleep(600)"


def race(folder: Path, timeout: int, files: dict[str, str]) -> pd.DataFrame:
    """Return the rows of a race of NumPy and of frameworks with these files."""
    checkout = copy_to(folder)
    for path in (checkout.path / "backends").glob("*_modes.py"):
        if path.stem != "numpy_modes":
            path.unlink()
    for name, text in files.items():
        checkout.write(f"backends/{name}_modes.py", text)
    every = ("--backend", "all", "--batch-size", "1", "--device", "cpu", "--memory", "off")
    done = checkout.race(*every, "--case-timeout", str(timeout))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout
    (path,) = checkout.csvs()
    return table.read(path).set_index("backend")


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The rows of a race of all faulty backends, of frameworks that cannot be imported, and of NumPy."""
    imports = {name: line for name, (line, _) in IMPORTS.items()}
    return race(tmp_path_factory.mktemp("faults"), 60, {"faulty": HELPERS + FAULTY} | imports)


def test_a_backend_or_an_import_that_does_not_end_is_stopped_and_the_race_goes_on(tmp_path: Path) -> None:
    """A race of its own: its time-out is short, and on a busy machine an honest backend may exceed that too."""
    rows = race(tmp_path, 2, {"endless": HELPERS + ENDLESS, "hanging": HANGING})
    for fault in ("sleeps", "computes", "stalls"):
        assert rows.loc[f"endless-{fault}", "status"] == "timeout"
        assert rows.loc[f"endless-{fault}", "reason"] == "it took longer than 2 s (--case-timeout)"
    assert rows.loc["hanging", "status"] == "unavailable"
    assert "no answer within 2 s" in str(rows.loc["hanging", "reason"])


@pytest.mark.parametrize("fault", STATUSES)
def test_a_faulty_backend_has_one_row_with_its_status_and_reason(raced: pd.DataFrame, fault: str) -> None:
    status, reason = STATUSES[fault]
    row = raced.loc[f"faulty-{fault}"]
    assert row["status"] == status
    assert reason in row["reason"]


@pytest.mark.parametrize("name", IMPORTS)
def test_a_framework_that_cannot_be_imported_is_unavailable(raced: pd.DataFrame, name: str) -> None:
    row = raced.loc[name]
    assert row["status"] == "unavailable"
    assert IMPORTS[name][1] in row["reason"]


def test_the_honest_backends_are_timed_beside_them(raced: pd.DataFrame) -> None:
    assert set(raced.index) == {*(f"faulty-{name}" for name in STATUSES), *IMPORTS, "numpy", "numpy-inplace"}
    assert raced.loc["numpy", "status"] == "ok"
    assert raced.loc["numpy-inplace", "status"] == "ok"


def test_nothing_that_a_backend_started_lives_on(raced: pd.DataFrame) -> None:
    """Neither the forked child, nor the one that left its process group."""
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"bench.worker" in _content(path)]
    ours = [path for path in left if b"/faults" in _content(path.with_name("environ"))]
    assert not ours


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
