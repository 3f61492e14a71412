"""`python -m bench find`, with process pairs that a fake draws: what it says, keeps, passes over and refuses.

`python -m experiments.search real` searches with measured pairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import __main__ as command
from bench.duel import duel
from bench.duel.pair import Measured
from bench.duel.stage import Stage
from bench.find import duels
from bench.own.git import git
from bench.process.client import Side, StartError
from tests.bench.duel.test_failures import CASE
from tests.bench.find.test_commits import commit

LOSS = """
from problems import Problem

TAKES = {takes}


def loss(xp, x, data):
    return xp.sum(x * x)


def draw(rng, batch_size):
    return rng.standard_normal(8), (rng.standard_normal((batch_size, 8)),)


PROBLEM = Problem("mine", loss, draw=draw, gradient=lambda x, data: 2 * x)
"""


class Fake(Stage):
    """A stage whose pairs are drawn: a side takes as long as its file says, with 1 % of noise."""

    runs = 0

    def run(self, tick: Callable[[], object]) -> None:
        Fake.runs += 1
        chance = np.random.default_rng(Fake.runs)
        for pair in range(self.pairs):
            for number, case in self.cases.items():
                slower = takes(self.sides.head) / takes(self.sides.base) if case["backend"] == "numpy-inplace" else 1.0
                ratio = slower * float(np.exp(chance.normal(0.0, 0.01)))
                self._add(pair, 0, number, Measured(1, [(1.0, ratio)]))
                tick()


def takes(side: Side) -> float:
    """Return how long a call takes on the side, as its file says."""
    path = re.search(r"/.*mine\.py", side.arguments[1])
    assert path is not None
    found = re.search(r"TAKES = ([\d.]+)", Path(path[0]).read_text())
    assert found is not None
    return float(found[1])


def cases_on(name: str, side: Side, selection: dict[str, str | None]) -> list[dict[str, Any]]:
    if takes(side) == 0.0:
        raise StartError(f"{name}: it does not build")
    return [CASE | {"problem": "mine", "backend": backend, "batch_size": 10} for backend in ("numpy", "numpy-inplace")]


@pytest.fixture
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (duel, duels):
        monkeypatch.setattr(module, "Stage", Fake)
    monkeypatch.setattr(duels, "cases_on", cases_on)
    monkeypatch.setattr(duels, "refereed", lambda sides, *_: sides)


def repository(folder: Path, every: list[float]) -> Path:
    """Return a repository with a commit for each time that a call takes; 0 is a commit that does not build."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    for number, seconds in enumerate(every):
        (folder / "mine.py").write_text(LOSS.format(takes=seconds) + f"# {number}\n")
        commit(folder, f"Change {number}")
    return folder


def find(root: Path, *arguments: str) -> int:
    first = git(root, "rev-list", "--max-parents=0", "HEAD")
    selection = ("--problem", str(root / "mine.py"), "--backend", "numpy,numpy-inplace", "--batch-size", "10")
    output = ("--output", str(root.parent / "found"))
    return command.main(["find", "--good", first, "--bad", "HEAD", *selection, *output, *arguments])


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("_drawn")
def test_the_commit_is_named_with_its_duel_and_nothing_is_measured_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path / "mine", [1.0, 1.0, 0.0, 1.0, 1.0, 1.2, 1.2, 1.2])
    assert find(root) == 0
    out = printed(capsys)
    slower = r"[0-9a-f]{7,} Change 5 made numpy-inplace slower: ×1\.\d+ \[.*\] against [0-9a-f]{7,} Change 4\."
    assert re.match(slower, out)
    assert "as good" in out
    assert len(list((tmp_path / "found").glob("*/verdicts.csv"))) == 2
    runs = Fake.runs
    assert find(root) == 0
    again = capsys.readouterr()
    assert " ".join(again.out.split()) == out
    assert "goes on with what was measured before" in again.err
    assert Fake.runs == runs


@pytest.mark.usefixtures("_drawn")
def test_what_another_machine_measured_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "mine", [1.0, 1.0, 1.2])
    assert find(root) == 0
    monkeypatch.setattr("bench.machine.machine_hash", lambda: "another")
    assert find(root) == 2
    assert "has a search with other machine" in capsys.readouterr().err


@pytest.mark.usefixtures("_drawn")
def test_a_culprit_beside_a_commit_that_does_not_build_is_one_of_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find(repository(tmp_path / "mine", [1.0, 0.0, 1.2])) == 1
    out = printed(capsys)
    assert "numpy-inplace got slower after" in out
    assert "Those between could not be judged" in out
    assert "it does not build" in out


@pytest.mark.usefixtures("_drawn")
def test_without_a_regression_there_is_nothing_to_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(repository(tmp_path / "mine", [1.0, 1.0, 1.0])) == 1
    assert "Nothing to find in mine" in printed(capsys)


@pytest.mark.usefixtures("_drawn")
def test_a_step_that_is_only_a_part_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(repository(tmp_path / "mine", [1.0, 1.0, 1.05, 1.05, 1.3, 1.3])) == 0
    out = printed(capsys)
    assert "Change 4 made numpy-inplace slower" in out
    assert "others between the ends add the rest" in out


@pytest.mark.usefixtures("_drawn")
def test_an_end_that_does_not_build_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(repository(tmp_path / "mine", [1.0, 1.0, 0.0])) == 2
    assert "an end of the search cannot be measured" in capsys.readouterr().err


@pytest.mark.usefixtures("_drawn")
def test_every_commit_is_measured_against_the_first_and_real_steps_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path / "mine", [1.0, 1.0, 1.1, 0.0, 1.1, 1.25, 1.0])
    assert find(root, "--every") == 0
    out = printed(capsys)
    assert "3 real steps (2 slower, 1 faster) in 6 releases of mine." in out
    assert "it does not build" in out
    rows = pd.read_csv(tmp_path / "found" / "every.csv", keep_default_na=False)
    inplace = rows[rows["backend"] == "numpy-inplace"]
    assert list(inplace["verdict"]) == ["unchanged", "unchanged", *3 * ["regressed"], "unchanged"]
    assert list(inplace["step"]) == ["", "", "slower", "", "slower", "faster"]
    assert set(rows.loc[rows["backend"] == "numpy", "verdict"]) == {"unchanged"}
    assert (tmp_path / "found" / "every.png").read_bytes().startswith(b"\x89PNG")
    runs = Fake.runs
    assert find(root, "--every") == 0
    assert Fake.runs == runs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--package", "scipy"), "is no framework; name with --backend what depends on it"),
        (("--package", "torch", "--backend", "numpy,torch-grad"), "whose wheels are gigabytes"),
        (("--package", "jax", "--backend", "all"), "whose wheels are gigabytes"),
        (("--with", "equinox"), "are for the releases of a --package"),
        (("--backend", "numpy", "--pairs", "3"), "must be 8 or more"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command.main(["find", "--good", "HEAD", "--bad", "HEAD", "-o", str(tmp_path / "found"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_workers_are_told_of_the_file_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the pairs are drawn here: real workers say what cases a commit has, and a syntax error does not start."""
    for module in (duel, duels):
        monkeypatch.setattr(module, "Stage", Fake)
    root = repository(tmp_path / "mine", [1.0, 1.0, 1.0])
    for number, text in enumerate(["def (:", *(LOSS.format(takes=takes) for takes in (1.0, 1.3, 1.3))], 3):
        (root / "mine.py").write_text(f"{text}# {number}\n")
        commit(root, f"Change {number}")
    assert find(root) == 0
    out = printed(capsys)
    assert "Change 5 made numpy-inplace slower" in out
    assert "SyntaxError" in out
