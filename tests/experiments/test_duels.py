"""The experiment on duels runs, briefly: a duel against a copy that does more.

By day the rounds of its process pairs are drawn: they are measured where a duel is tested. With `--every-dtype` they
are measured here too. A duel of equal copies is the same command with another folder. Its files are those of the other.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import __main__ as bench
from bench.duel import duel
from experiments.duels import __main__ as command
from experiments.duels import collect
from experiments.duels.extra_work import with_more
from experiments.duels.table import pools
from experiments.rates import of_drawn, rate
from tests.bench.duel.test_duel import Drawn

QUICK = ("--backend", "numpy-inplace,numpy", "--batch-size", "1", "--max-seconds", "0.01")


def of_this_process(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
    """Run the command `python -m bench …` in this process."""
    assert command[1:3] == ["-m", "bench"]
    return subprocess.CompletedProcess(command, bench.main(command[3:]))


@pytest.fixture
def drawn_by_day(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.config.getoption("every_dtype"):
        monkeypatch.setattr(duel, "Stage", Drawn)
        monkeypatch.setattr("experiments.duels.collect.subprocess.run", of_this_process)


@pytest.mark.usefixtures("drawn_by_day")
def test_what_is_collected_makes_the_table_and_is_not_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = str(tmp_path / "duels"), str(tmp_path / "kept")
    monkeypatch.setattr("experiments.duels.work.SECONDS", 0.02)
    command.main(["collect", folder, "--same", "0", "--slow", "1", *QUICK])
    shutil.copytree(tmp_path / "duels" / "slow-00", tmp_path / "duels" / "same-00")
    before = [path.stat().st_mtime_ns for path in sorted((tmp_path / "duels").glob("*/seconds.json"))]
    command.main(["collect", folder, "--same", "1", "--slow", "1", *QUICK])
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "duels").glob("*/seconds.json"))] == before
    assert len(before) == 2
    command.main(["gather", folder, "--kept", kept])
    verdicts = pd.read_csv(tmp_path / "kept" / "duel_verdicts.csv")
    (work,) = json.loads((tmp_path / "duels" / collect.WORK).read_text(encoding="utf-8"))
    more = verdicts.set_index(["kind", "backend"])["more"]
    assert more["slow", "numpy-inplace"] == pytest.approx(work["share"], rel=1e-4)
    assert more["same", "numpy-inplace"] == more["slow", "numpy"] == 0.0
    monkeypatch.setattr("experiments.duels.table.CLOSE", (-1.0, 9.0))
    capsys.readouterr()
    command.main(["table", "--kept", kept, "--draws", "4"])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| what | found | from |"
    assert sum("| real" in row for row in table) >= 6
    assert sum("| drawn from" in row for row in table) == 6
    assert commit.startswith("Measured at commit ")


def test_only_pairs_before_the_first_look_are_drawn_from() -> None:
    medians = pd.DataFrame({"pair": range(16), "log_ratio": np.arange(16.0)})
    medians = medians.assign(commit="abc", kind="same", stage=1, duel=0, backend="numpy", batch_size=1)
    assert pools(medians)["numpy", 1].tolist() == [*range(8)]


def test_a_call_that_does_more_returns_the_same() -> None:
    assert with_more(lambda x: 2 * x, 3)(21) == 42


def test_a_rate_has_bounds_and_one_that_was_drawn_has_none() -> None:
    assert rate(0, 12) == "0 of 12 (0 %; 95 % bounds 0 % and 26.5 %)"
    assert of_drawn(2, 2000) == "2 of 2,000 (0.1 %)"
    assert rate(0, 0) == "none of them"


def test_duels_of_another_commit_are_kept_beside_the_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    older = pd.DataFrame({"commit": ["001e5", "abc"], "kind": "same", "duel": 0, "log_ratio": [0.1, 0.2]})
    older.to_csv(path, index=False)
    again = pd.DataFrame({"commit": ["abc", "abc"], "kind": ["same", "slow"], "duel": 0, "log_ratio": [0.3, 0.4]})
    both = command.with_older(path, again)
    assert list(both["commit"]) == ["001e5", "abc", "abc"]
    assert list(both["log_ratio"]) == [0.1, 0.3, 0.4]
