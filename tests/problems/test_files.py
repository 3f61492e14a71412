"""Problems in files of the user: how they are found and named, and what is said if there is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import problems
from problems import Array, Data, Problem, ProblemError, ProblemFile
from problems.files import load_added

MINE = """
from problems import Problem


def loss(xp, x, data):
    return xp.sum(x * x)


def draw(rng, batch_size):
    return rng.standard_normal(batch_size), ()


MINE = Problem("anything", loss, draw=draw)
"""


@pytest.fixture(autouse=True)
def nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the files of a test at its end."""
    monkeypatch.setattr("problems.files._files", {})


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def loaded(word: str) -> Problem:
    file = problems.find_file(word)
    problems.add(file)
    return load_added(file.name)


def test_the_name_has_the_files_name_and_a_hash_of_its_content(tmp_path: Path) -> None:
    first = problems.find_file(str(written(tmp_path, MINE)))
    again = problems.find_file(str(written(tmp_path, MINE)))
    other = problems.find_file(str(written(tmp_path, MINE + "\n")))
    assert first == again
    assert first.name.partition("@")[0] == other.name.partition("@")[0] == "mine"
    assert first.name != other.name
    assert loaded(str(tmp_path / "mine.py")).name == other.name


def test_a_comment_in_the_file_changes_no_number(tmp_path: Path) -> None:
    first, other = (loaded(str(written(tmp_path, text))) for text in (MINE, f"{MINE}# a comment\n"))
    assert first.name != other.name
    np.testing.assert_array_equal(problems.instance(first, 5, "float64")[0], problems.instance(other, 5, "float64")[0])


def test_a_file_is_one_word_of_a_command_line_and_back() -> None:
    for file in (ProblemFile("mine@12345678", Path("/a b/mine.py")), ProblemFile("m:X@1", Path("/m.py"), "X")):
        assert problems.from_text(file.as_text()) == file


def test_the_problem_is_the_named_one_or_problem_or_the_only_one(tmp_path: Path) -> None:
    two = f"{MINE}\nOTHER = Problem('other', loss, draw=draw, steps=7)\n"
    assert loaded(str(written(tmp_path, MINE))).steps == 100
    assert loaded(f"{written(tmp_path, two)}:OTHER").steps == 7
    assert loaded(str(written(tmp_path, f"{two}\nPROBLEM = Problem('third', loss, draw=draw, steps=9)\n"))).steps == 9
    with pytest.raises(ProblemError, match=r"has several problems, MINE, OTHER; name one, such as mine\.py:MINE"):
        loaded(str(written(tmp_path, two)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", r"/mine\.py: has no problem: it defines PROBLEM = Problem\(name, loss, draw=draw\)"),
        ("raise ValueError('oops')\n", r"/mine\.py:1: ValueError: oops"),
        ("def f(:\n", r"/mine\.py:1: SyntaxError"),
        ("from problems import Problem\nP = Problem('p')\n", r"mine\.py:2: ValueError: problem 'p': give draw"),
        ("raise SystemExit(3)\n", r"/mine\.py:1: SystemExit: 3"),
    ],
)
def test_a_file_without_a_problem_is_an_error_of_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ProblemError, match=complaint) as raised:
        loaded(str(written(tmp_path, text)))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_lacks_the_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"problem 'nowhere/mine\.py': No such file or directory"):
        problems.find_file("nowhere/mine.py")
    with pytest.raises(ProblemError, match=r"has no problem OTHER; it has MINE"):
        loaded(f"{written(tmp_path, MINE)}:OTHER")


def test_a_file_finds_the_modules_beside_it_and_hides_none_of_the_project(tmp_path: Path) -> None:
    written(tmp_path, "SCALE = 3.0\n", "beside_mine.py")
    written(tmp_path, "raise RuntimeError('hidden')\n", "problems.py")
    text = MINE.replace("from problems", "import beside_mine\nfrom problems")
    assert loaded(str(written(tmp_path, text))).steps == 100


ABSENT = """
import no_such_framework
from no_such_framework import nn
from no_such_framework.linen import Module
""" + MINE.replace(
    "def draw",
    """class Net(nn.Module):
    pass


@no_such_framework.jit
def jitted(x, data):
    return x


def other(x, data):
    return no_such_framework.sum(x)(x)


def draw""",
).replace("draw=draw)", "draw=draw, losses={'torch': other, 'jax': jitted})")


def test_a_module_that_is_missing_costs_only_what_uses_it(tmp_path: Path) -> None:
    problem = loaded(str(written(tmp_path, ABSENT)))
    assert problem.numpy_loss(np.ones(3), ()) == 3.0
    for name in ("torch", "jax"):
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_framework'"):
            problem.losses[name](np.ones(3), ())
    assert not any(name.startswith("no_such_framework") for name in sys.modules)


def test_a_missing_module_of_a_library_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, "import no_such_dependency\n", "my_library.py")
    with pytest.raises(ProblemError, match="No module named 'no_such_dependency'"):
        loaded(str(written(tmp_path, f"import my_library\n{MINE}")))


def own(x: Array, data: Data) -> Array:
    return x


def common(xp: Any, x: Array, data: Data) -> Array:
    return xp.sum(x)


def draw(rng: np.random.Generator, batch_size: int) -> tuple[Array, Data]:
    return rng.random(batch_size), ()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"loss": common}, "give draw"),
        ({"draw": draw}, "give loss"),
        ({"loss": common, "draw": draw, "reference": "torch", "gradient": own}, "reference='torch' has no effect"),
        ({"losses": {"jax": own}, "draw": draw, "reference": "torch"}, "there is no loss for torch"),
        ({"losses": {"jax": own}, "draw": draw, "gradient": own}, "held to a loss in NumPy"),
    ],
)
def test_fields_that_are_missing_or_contradict_each_other(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Problem("mine", **fields)
