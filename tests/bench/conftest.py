"""The race in the tests' own process, for options that end it before anything is measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import selection
from tests.checkout import ROOT

INSIDE = (
    *("--capture=no", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "no:faulthandler"),
    *("-p", "no:hypothesispytest", "-p", "no:threadexception", "-p", "no:unraisableexception"),
)
"""Options of a pytest inside of pytest: the outer one captures, and looks for what is left over."""

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Start the race with wrong options, and return the one line of its error. It measures nothing.

    A name that is unknown has every framework imported, to say what there is: one is enough. A race of its own process
    takes a second to import what is imported here.
    """
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)  # pytest-benchmark measures nothing where pytest-xdist runs the tests
    monkeypatch.setattr(selection, "usual_frameworks", lambda: ("numpy",))
    path = tmp_path / "refused.csv"

    def race(*arguments: str) -> str:
        capsys.readouterr()
        bench = (str(ROOT / "bench"), "--benchmark-only", f"--results={path}")
        assert pytest.main([*bench, *INSIDE, *arguments]) == pytest.ExitCode.USAGE_ERROR
        out, err = capsys.readouterr()
        (line,) = [line for line in (out + err).splitlines() if line.startswith("ERROR")]
        assert "Traceback" not in out + err
        assert not path.exists()
        return line

    return race
