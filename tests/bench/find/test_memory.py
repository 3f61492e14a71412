"""What a search measured survives an interruption, and is never taken for the answer to another question."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.find.memory import NAME, Memory
from report.errors import ReportError

QUESTION = {"of": "jax", "candidates": ("0.8.0", "0.9.0"), "selection": {"backend": "jax-jit"}}


def test_what_was_measured_is_there_again(tmp_path: Path) -> None:
    first = Memory(tmp_path, QUESTION)
    assert not first.begun
    first.add("0.9.0 against 0.8.0", {"a": [0.1, 0.2], "b": [0.3]})
    first.add("0.9.0 against 0.8.0", {"a": [0.4]})
    again = Memory(tmp_path, QUESTION)
    assert again.begun
    assert again.logs("0.9.0 against 0.8.0") == {"a": [0.1, 0.2, 0.4], "b": [0.3]}
    assert again.logs("another pair") == {}


def test_another_question_is_refused_and_named(tmp_path: Path) -> None:
    Memory(tmp_path, QUESTION).add("0.9.0 against 0.8.0", {"a": [0.1]})
    with pytest.raises(ValueError, match="has a search with other selection; name another folder with -o"):
        Memory(tmp_path, QUESTION | {"selection": {"backend": "jax-loop"}})


def test_a_question_without_an_answer_leaves_no_file(tmp_path: Path) -> None:
    Memory(tmp_path / "new", QUESTION)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{\n "question": 1}', "my own notes"])
def test_a_file_that_is_not_of_a_search_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises((ValueError, ReportError)):
        Memory(tmp_path, QUESTION)
    assert (tmp_path / NAME).read_text() == text
