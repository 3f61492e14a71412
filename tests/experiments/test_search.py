"""Searches whose culprit is known: the played ones name it, and the repository of the real one has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.own.git import git
from experiments import evidence
from experiments.duels.__main__ import MEDIANS
from experiments.duels.work import Work
from experiments.search import __main__ as command
from experiments.search import played, real
from experiments.search.places import COMMITS, places


def test_twenty_of_twenty_played_searches_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    """They are played with the same numbers each time, so this is no matter of chance."""
    command.main(["simulate"])
    assert capsys.readouterr().out.startswith("right: 20 of 20 (100 %); steps: ")


def test_a_played_search_without_a_culprit_is_not_right() -> None:
    assert not played.search(played.pools(evidence.FOLDER / MEDIANS), 0.0, 0).right


def test_the_repository_has_one_culprit_and_three_commits_that_do_not_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real, "measured", lambda *_: Work("autograd", 100, 7, 0.0812))
    root = real.made(tmp_path, seed=3)
    commits = git(root, "rev-list", "--reverse", "HEAD").splitlines()
    assert len(commits) == COMMITS
    where = places(3)
    worker = {git(root, "show", f"{commits[number]}:bench/worker.py") for number in where.broken}
    assert worker == {"def ("}
    touched = [git(root, "show", "--name-only", "--format=", commit).splitlines() for commit in commits[1:]]
    assert [number for number, names in enumerate(touched, 1) if "backends/autograd_modes.py" in names] == [
        where.culprit
    ]
    counts = json.loads(git(root, "show", f"{commits[where.culprit]}:backends/extra_work.json"))
    assert counts == {"autograd 100": 7, "share": 0.0812}
