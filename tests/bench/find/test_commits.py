"""The commits that a search goes through, of this repository or of the user's."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.find.candidates import UnusableError
from bench.find.commits import Commits, OwnCommits, between
from bench.own.files import Files
from bench.own.git import git
from problems import find_file

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Four commits of a loss; the third does not have it. A merged branch has a fifth."""
    root = tmp_path / "mine"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "README.md").write_text("my losses")
    loss = root / "mine.py"
    for number, text in enumerate(["ONE = 1\n", "TWO = 2\n", None, "FOUR = 4\n"]):
        loss.write_text(text) if text else loss.unlink()
        commit(root, f"Change {number}")
    git(root, "checkout", "--quiet", "-b", "side", "HEAD~1")
    (root / "other.txt").write_text("side")
    commit(root, "Aside")
    git(root, "checkout", "--quiet", "main")
    git(root, *AUTHOR, "merge", "--quiet", "--no-edit", "side")
    return root


def commit(root: Path, subject: str) -> None:
    git(root, "add", "--all")
    git(root, *AUTHOR, "commit", "--quiet", "-m", subject)


def subjects(root: Path, names: tuple[str, ...]) -> list[str]:
    return [Commits(names, root, root).describe(name).partition(" ")[2] for name in names]


def test_commits_follow_first_parents_from_the_good_one_to_the_bad_one(repository: Path) -> None:
    found = between(repository, "HEAD~4", "HEAD")
    assert subjects(repository, found) == ["Change 0", "Change 1", "Change 2", "Change 3", "Merge branch 'side'"]
    assert len(between(repository, "HEAD", "HEAD")) == 1


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("HEAD", "HEAD~1", "--good 'HEAD': is not among the first parents of --bad"),
        ("side", "HEAD", "--good 'side': is not among the first parents of --bad"),
        ("HEAD", "nowhere", "--bad 'nowhere': .* has no such commit"),
        ("--all", "HEAD", "--good '--all': .* has no such commit"),
    ],
)
def test_ends_that_are_no_ends_are_refused(repository: Path, good: str, bad: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        between(repository, good, bad)


def test_a_commit_that_is_no_checkout_cannot_be_a_side(repository: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    names = between(repository, "HEAD~4", "HEAD")
    with pytest.raises(UnusableError, match=r"no bench/worker\.py"):
        Commits(names, copies, repository).side(names[0])
    assert (copies / names[0] / "mine.py").read_text() == "ONE = 1\n"


def test_only_the_files_of_the_user_are_as_they_were(repository: Path) -> None:
    names = between(repository, "HEAD~4", "HEAD")
    with ExitStack() as resources:
        files = Files((find_file(str(repository / "mine.py")),))
        own = OwnCommits(names, files, repository, resources)
        (old,) = own.files(names[1]).problems
        assert old.path.read_text() == "TWO = 2\n"
        assert old.name == files.problems[0].name
        assert str(old.path) in own.side(names[1]).arguments[1]
        with pytest.raises(UnusableError, match=r"mine\.py is not in revision"):
            own.side(names[2])
    assert not old.path.exists()
