"""The duel as a user runs it: two checkouts, or one against itself."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import __main__ as command
from bench.duel import duel
from bench.duel.pair import ROUNDS_PER_CHECK, Measured, precise
from bench.duel.stage import Stage, lanes
from bench.process.requests import Requests
from report import __main__ as report
from tests.checkout import Checkout, copy_to

QUICK = ("--pairs", "8", "--fresh-pairs", "8", "--seconds", "0.03", "--fresh-seconds", "0.1", "--batch-size", "100")


@pytest.fixture
def head(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A second copy of the checkout, which the test may change."""
    return copy_to(tmp_path_factory.mktemp("head"))


def slowed(head: Checkout) -> None:
    """Make head's in-place NumPy compute each gradient ten times: more work, the same answer."""
    path = "backends/numpy_modes.py"
    text = (head.path / path).read_text(encoding="utf-8")
    line = "            into(position, data, gradient)\n"
    assert text.count(line) == 1
    head.write(path, text.replace(line, 10 * line))


def verdicts(folder: Path) -> dict[str, str]:
    rows = pd.read_csv(folder / "verdicts.csv")
    return dict(zip(rows["backend"], rows["verdict"], strict=True))


MODE = """from backends.numpy_modes import NumpyMode, hand_derived
BACKENDS = (NumpyMode('{}', {{'descent': {}}}, in_default=True),)
"""


@pytest.fixture
def dueled(checkout: Checkout, head: Checkout, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """A duel in which head is slower in one mode, breaks one, lacks one, and has a new one. Its files are in `out`."""
    slowed(head)
    checkout.write("backends/old_modes.py", MODE.format("old", "hand_derived"))
    head.write("backends/young_modes.py", MODE.format("young", "hand_derived"))
    checkout.write("backends/frail_modes.py", MODE.format("frail", "hand_derived"))
    head.write("backends/frail_modes.py", MODE.format("frail", "None"))
    for side in (checkout, head):
        for framework in ("jax", "torch", "autograd"):
            (side.path / "backends" / f"{framework}_modes.py").unlink()
    sides = ("--base", str(checkout.path), "--head", str(head.path), "-o", str(tmp_path / "out"))
    return checkout.run("bench", "duel", *sides, *QUICK, "--explain")


def test_a_slowdown_is_confirmed_by_fresh_pairs_and_fails_and_what_one_side_lacks_is_named(
    dueled: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    assert dueled.returncode == 1, dueled.stderr
    found = verdicts(tmp_path / "out")
    assert {name: found[name] for name in ("numpy-inplace", "old", "young", "frail")} == {
        "numpy-inplace": "regressed",
        "old": "missing",
        "young": "new",
        "frail": "failed",
    }
    assert "TypeError" in dueled.stdout
    assert "fresh pairs say" in " ".join(dueled.stdout.split())
    samples = pd.read_csv(tmp_path / "out" / "samples.csv")
    again = samples[samples["backend"] == "numpy-inplace"]
    assert set(again["stage"]) == {1, 2}
    assert set(again.loc[again["stage"] == 1, "pair"]) == set(range(8))
    assert (samples[["base_seconds", "head_seconds"]] > 0).all(axis=None)
    assert "| numpy-inplace" in (tmp_path / "out" / "verdicts.md").read_text()
    explained = json.loads((tmp_path / "out" / "explanation.json").read_text(encoding="utf-8"))["explained"]
    (inplace,) = [case for case in explained if case["case"]["backend"] == "numpy-inplace"]
    into = "problems/quadratic.py:gradient_into.<locals>.into"
    assert (inplace["base"]["calls"][into], inplace["head"]["calls"][into]) == (5, 50)
    assert into in dueled.stdout
    assert "explanation.json" in dueled.stderr


class Drawn(Stage):
    """A stage without processes: both sides take as long, with 1 % of noise."""

    def run(self, tick: Callable[[], object]) -> None:
        chance = np.random.default_rng(0)
        for pair, number in product(range(self.pairs), self.cases):
            self._add(pair, 0, number, Measured(1, [(1.0, float(np.exp(chance.normal(0.0, 0.01))))]))
            tick()


def test_a_checkout_against_itself_ends_well_and_another_duel_overwrites_its_files(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pairs of the other duel are drawn: it is there for its files."""
    done = checkout.run(
        "bench", "duel", "--backend", "numpy", *QUICK, "--all-pairs", "--threshold", "50%", "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    assert '"verdict": "unchanged"' in done.stdout or '"verdict": "inconclusive"' in done.stdout  # a busy machine
    (folder,) = (checkout.path / "results" / "duels").iterdir()
    assert {path.name for path in folder.iterdir()} == {"samples.csv", "verdicts.csv", "verdicts.json", "verdicts.md"}
    assert report.main(["noise", str(folder / "samples.csv")]) == 0
    before = (folder / "verdicts.csv").read_bytes()
    monkeypatch.chdir(checkout.path)
    monkeypatch.setattr(duel, "Stage", Drawn)
    (folder / "explanation.json").write_text('{\n "explained": []\n}\n', encoding="utf-8")  # of an earlier duel
    other = ("--head", ".", "-o", str(folder), "--threshold=50%")
    assert command.main(["duel", "--backend", "numpy", *QUICK, *other]) == 0
    assert (folder / "verdicts.csv").read_bytes() != before
    assert {path.name for path in folder.iterdir()} == {"samples.csv", "verdicts.csv", "verdicts.json", "verdicts.md"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base", "/nowhere"], "/nowhere: no checkout of descent-bench"),
        (["--base-python", "/no/python"], "/no/python"),
        (["--backend", "nump"], "unknown backend 'nump'"),
        (["--pairs", "none"], "--pairs 'none'"),
        (["--pairs", "3"], "--pairs '3': must be 8 or more"),
        (["--base-python", "/bin/false"], "no worker starts there"),
        (["--threshold", "3"], "between 0 and 100 %"),
    ],
)
def test_a_side_that_cannot_duel_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    out = ("-o", str(tmp_path / "out"))
    try:
        code: object = command.main(["duel", "--backend", "numpy", *QUICK, *out, *arguments])
    except SystemExit as end:  # the parser's own error, after the usage
        code = end.code
    assert code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_ctrl_c_keeps_the_samples(checkout: Checkout, tmp_path: Path) -> None:
    long = ("--all-pairs", "--pairs", "500", "--seconds", "0.05", "--batch-size", "1", "-o", str(tmp_path / "out"))
    started = checkout.start("bench", "duel", "--backend", "numpy", *long)
    wait_for_workers(started, 2 + 2 * lanes() + 1)  # those that select, the first pairs, and one of a later pair
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "what was measured so far is kept" in errors
    assert "Traceback" not in errors
    assert len(pd.read_csv(tmp_path / "out" / "samples.csv")) > 0


def wait_for_workers(started: subprocess.Popen[str], count: int) -> None:
    """Wait until the duel has started so many workers, of which most have ended. Without /proc, wait long."""
    seen: set[str] = set()
    end = time.monotonic() + (60 if Path("/proc/self").exists() else 12)
    while len(seen) < count and time.monotonic() < end:
        seen |= {path.name for path in Path("/proc").glob("[0-9]*") if is_worker(path, started.pid)}
        time.sleep(0.05)


def is_worker(process: Path, parent: int) -> bool:
    """Whether the process, a folder of /proc, is a worker of the parent, and not one that a worker starts itself."""
    try:
        if b"bench.worker" not in (process / "cmdline").read_bytes():
            return False
        return f"\nPPid:\t{parent}\n" in (process / "status").read_text(encoding="utf-8")
    except OSError:  # it has ended
        return False


def scattered() -> list[tuple[float, float]]:
    """Return rounds that scatter like a normal law of 15 %, so that 32 of them know the median to 3.3 %."""
    return [(1.0, 1.1), (1.0, 0.9)] * (ROUNDS_PER_CHECK // 2)


def test_rounds_end_once_their_median_is_known_to_the_precision() -> None:
    assert precise(scattered(), 0.04)
    assert not precise(scattered(), 0.01)
    assert precise(20 * scattered(), 0.01)


def test_the_measured_ratio_does_not_decide_when_rounds_end() -> None:
    """If it did, rounds would end when chance has one side ahead."""
    for factor in (0.5, 2.0):
        ahead = [(base, factor * head) for base, head in scattered()]
        for precision in (0.01, 0.04):
            assert precise(ahead, precision) == precise(scattered(), precision)


def test_a_case_is_moved_and_compiled_again_if_that_is_cheap() -> None:
    requests = Requests("default")
    case = {"operator": "descent", "problem": "logistic", "backend": "numpy-inplace", "batch_size": 7}
    case |= {"dtype": "float32", "device": "cpu", "steps": 3, "sizes": "dimension=4", "optimizer": "sgd"}
    try:
        assert requests.prepare(case)["status"] == "ok"
        requests._prepared = before = replace(requests._ready(), compile_seconds=0.0)  # on a busy machine too
        result = before.call().copy()
        assert requests.move() == {"moved": True}
        after = requests._ready()
        assert after.run is not before.run
        assert not any(np.shares_memory(old, new) for old, new in zip(before.placed[1], after.placed[1], strict=True))
        np.testing.assert_array_equal(after.call(), result)
        requests._prepared = replace(after, compile_seconds=1.0)
        requests.move()
        again = requests._ready()
        assert again.run is after.run
        assert not any(np.shares_memory(old, new) for old, new in zip(after.placed[1], again.placed[1], strict=True))
        np.testing.assert_array_equal(again.call(), result)
    finally:
        gc.enable()
