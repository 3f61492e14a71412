"""The user's files on the two sides of a duel, and what is said of options that do not fit them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import __main__ as command
from bench.duel.files import brought, describe

MINE = """
from model import loss
from problems import Problem


def draw(rng, batch_size):
    return rng.standard_normal(batch_size), ()


PROBLEM = Problem("mine", loss, draw=draw, rate=0.1)
"""
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
QUICK = ("--backend", "autograd", "--batch-size", "10", "--pairs", "8", "--seconds", "0.01")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file with a problem, in a folder of a repository whose first revision has another loss beside it."""
    folder = tmp_path / "repository" / "loss"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(MINE, encoding="utf-8")
    (folder / "model.py").write_text("def loss(xp, x, data):\n    return xp.sum(x * x)\n", encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    (folder / "model.py").write_text("def loss(xp, x, data):\n    return xp.sum(x * x * 1.0)\n", encoding="utf-8")
    return folder / "mine.py"


@pytest.fixture
def resources() -> Iterator[ExitStack]:
    """What ends with the duel."""
    with ExitStack() as stack:
        yield stack


def test_base_has_the_whole_folder_of_its_revision_until_the_duel_ends(mine: Path) -> None:
    with ExitStack() as resources:
        found = brought({"problem": str(mine)}, None, None, "HEAD", resources)
        (base,), (head,) = found.base.problems, found.head.problems
        assert found.selection["problem"] == base.name == head.name == "mine"
        assert head.path == mine.resolve()
        assert base.path.read_text(encoding="utf-8") == MINE
        assert "1.0" not in (base.path.parent / "model.py").read_text(encoding="utf-8")
    assert not base.path.exists()


def test_two_files_have_the_name_of_heads(mine: Path, resources: ExitStack) -> None:
    other = mine.with_name("other.py")
    other.write_text(MINE + "\n", encoding="utf-8")
    found = brought({}, str(mine), str(other), None, resources)
    assert [file.path.name for file in (*found.base.problems, *found.head.problems)] == ["mine.py", "other.py"]
    assert {file.name for file in (*found.base.problems, *found.head.problems)} == {"other"}
    assert describe(found.base) != describe(found.head)


def test_a_file_without_a_revision_is_the_same_on_both_sides(mine: Path, resources: ExitStack) -> None:
    found = brought({"problem": f"quadratic,{mine}"}, None, None, None, resources)
    assert found.base == found.head
    assert found.selection["problem"] == "quadratic,mine"


@pytest.mark.parametrize(
    ("problem", "base", "head", "revision", "words"),
    [
        (None, "mine.py", None, None, "--base-problem and --head-problem: give both"),
        (None, None, "mine.py", None, "--base-problem and --head-problem: give both"),
        ("mine.py", "mine.py", "mine.py", None, "give neither --problem nor --base-rev with them"),
        (None, "mine.py", "mine.py", "HEAD", "give neither --problem nor --base-rev with them"),
        (None, "none.py", "mine.py", None, "base: problem 'none.py': No such file or directory"),
        (None, "mine.py", "none.py", None, "head: problem 'none.py': No such file or directory"),
        (None, "quadratic", "mine.py", None, "--base-problem 'quadratic': name one file, such as mine.py"),
        ("quadratic", None, None, "HEAD", "--base-rev 'HEAD': is for a file of your own; name it with --problem"),
        ("mine.py", None, None, "no-such-branch", "base: git archive --format=tar no-such-branch: fatal: "),
        ("new.py", None, None, "HEAD", "base: new.py is not in revision 'HEAD' of "),
        ("../../outside.py", None, None, "HEAD", "base: git rev-parse --show-toplevel: fatal: not a git repository"),
        ("mine.py,again/mine.py", None, None, None, "--problem: two files have the same name"),
    ],
)
def test_options_that_do_not_fit_are_an_error_of_one_line(  # noqa: PLR0913, PLR0917 (the options, and what is said)
    mine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: str | None,
    base: str | None,
    head: str | None,
    revision: str | None,
    words: str,
) -> None:
    monkeypatch.chdir(mine.parent)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for path in ("new.py", "../../outside.py", "again/mine.py"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(MINE + "\n", encoding="utf-8")
    given = {"--problem": problem, "--base-problem": base, "--head-problem": head, "--base-rev": revision}
    options = [word for name, value in given.items() if value is not None for word in (name, value)]
    assert command.main(["duel", *options, *QUICK, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert words in said.splitlines()[0]
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_file_that_raises_on_one_side_is_named_with_the_side_and_the_line(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], side: str
) -> None:
    bad = tmp_path / "bad" / "mine.py"
    bad.parent.mkdir()
    bad.write_text("x = 1\nx / 0\n", encoding="utf-8")
    files = {"base": mine, "head": mine} | {side: bad}
    options = ("--base-problem", str(files["base"]), "--head-problem", str(files["head"]))
    assert command.main(["duel", *options, *QUICK, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert f"{side}: bad/mine.py:2: ZeroDivisionError: division by zero" in said
    assert not (tmp_path / "out").exists()
