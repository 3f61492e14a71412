"""What shows the progress of a run: a bar in a terminal, one changing line in a notebook, nothing if it is quiet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bench.progress import shown


class Line:
    """A display of a notebook that remembers what it showed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        self.texts.append(data["text/plain"])


def test_a_notebook_gets_one_line_that_changes_and_is_empty_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    display = pytest.importorskip("IPython.display")
    line = Line()

    def shows(data: dict[str, str], **_: Any) -> Line:
        line.update(data, raw=True)
        return line

    monkeypatch.setattr(display, "display", shows)
    monkeypatch.setattr("bench.progress.Console", lambda **_: SimpleNamespace(is_jupyter=True))
    with pytest.raises(KeyboardInterrupt), shown(2) as begin:  # noqa: PT012 (the block is what is stopped)
        begin("jax-jit")
        begin("autograd")
        raise KeyboardInterrupt
    first, one, two, last = line.texts
    assert (first, one, last) == ("", "1 of 2: jax-jit", "")
    assert two.startswith("2 of 2: autograd, about ")


def test_a_log_gets_no_bar_and_a_quiet_run_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (True, False):
        with shown(2, quiet=quiet) as begin:
            begin("jax-jit")
        captured = capsys.readouterr()
        assert (captured.out + captured.err).strip() == ""
