"""A file that cannot be imported is an error of one line, with the line of the file."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import problems
from problems import ProblemError
from problems.faults import described, lines
from tests.checkout import Checkout

FAULTS = {
    "x = 1\ndef f(:\n    pass\n": ":2: SyntaxError: invalid syntax",
    "x = 1\n\n\nx = x / 0\n": ":4: ZeroDivisionError: division by zero",
    "def f():\n    return {}['a']\n\nf()\n": ":2: KeyError: 'a'",
    "import json\n\njson.loads('')\n": ":3: JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    "import no_such_module\n": ":1: ModuleNotFoundError: No module named 'no_such_module'",
    "raise SystemExit(3)\n": ":1: SystemExit: 3",
    "raise ValueError('two\\nlines \\ud800')\n": r":1: ValueError: two lines \ud800",
    "assert False\n": ":1: AssertionError",
    "PROBLEM = 3\n": ": AttributeError: 'int' object has no attribute 'name'",
    "x = 1\n  y = 2\n": ":2: IndentationError: unexpected indent",
}
"""What a file may hold, and what is said of it after its name."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are problems too."""
    folder = tmp_path / "problems"
    folder.mkdir()
    monkeypatch.setattr(problems, "__path__", [*problems.__path__, str(folder)])
    monkeypatch.setattr(problems, "__file__", str(folder / "__init__.py"))
    forget()
    yield folder
    forget()


def forget() -> None:
    """Forget what was imported, and the planted file with it."""
    sys.modules.pop("problems.zz_mine", None)
    importlib.invalidate_caches()
    problems.modules.cache_clear()
    problems.load.cache_clear()


@pytest.mark.parametrize(("text", "said"), FAULTS.items(), ids=[said.split(":")[2].strip() for said in FAULTS.values()])
def test_a_problem_that_cannot_be_imported_is_named_in_one_line(folder: Path, text: str, said: str) -> None:
    (folder / "zz_mine.py").write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError, match=f"^{re.escape(f'problems/zz_mine.py{said}')}$") as refused:
        problems.load()
    assert refused.value.__cause__ is not None


def test_the_faults_of_bytes_that_are_no_text_are_named(folder: Path) -> None:
    (folder / "zz_mine.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(ProblemError, match=r"^problems/zz_mine.py.*: SyntaxError: .*utf-8"):
        problems.load()


def test_ctrl_c_while_a_problem_is_imported_stops_the_process(folder: Path) -> None:
    (folder / "zz_mine.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        problems.load()


def test_an_exception_without_a_text_that_works_has_its_type() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert described(OddError()) == "OddError"
    assert len(described(ValueError(10_000 * "a"))) == 500


def test_only_the_first_paragraph_of_an_exception_is_kept() -> None:
    assert described(ValueError("\nno branch\n  here\n\nHint: none")) == "ValueError: no branch here"


def test_the_frames_of_an_exception_come_before_those_of_what_it_wraps() -> None:
    def inner() -> None:
        raise KeyError

    def outer() -> None:
        try:
            inner()
        except KeyError:
            raise ValueError from None

    with pytest.raises(ValueError) as caught:  # noqa: PT011 (it has no text)
        outer()
    first = outer.__code__.co_firstlineno
    found = [line - first for file, line in lines(caught.value) if file == __file__]
    assert [found[0], *found[2:]] == [4, inner.__code__.co_firstlineno + 1 - first, 2]


def test_the_frames_that_torch_compile_quotes_come_first() -> None:
    text = 'File "not.py", line 1\nfrom user code:\n   File "a.py", line 3, in f\n    g(x)\n  File "b.py", line 7, in g'
    assert list(lines(RuntimeError(text))) == [("b.py", 7), ("a.py", 3)]


def test_commands_show_the_line_and_no_traceback(checkout: Checkout) -> None:
    checkout.write("problems/mine.py", "x = 1\ndef f(:\n    pass\n")
    line = "problems/mine.py:2: SyntaxError: invalid syntax"
    for command in (("problems",), ("backends",), ("bench", "run", "--backend", "numpy")):
        done = checkout.run(*command)
        assert done.returncode == 2
        (said,) = done.stderr.splitlines()
        assert said.endswith(line)
    raced = checkout.race("--backend", "numpy")
    assert raced.returncode == 4
    assert f"ERROR: {line}" in raced.stderr
    assert "INTERNALERROR" not in raced.stdout + raced.stderr
