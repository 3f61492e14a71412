"""An environment is made once, whole or not at all. Another release, or other packages, get one of their own."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from bench.find import environments
from bench.find.candidates import UnusableError
from bench.find.environments import MADE, Environments, default_cache
from bench.find.packages import PipError
from bench.find.releases import Releases
from bench.own.files import NONE
from bench.progress import progress


class Installer:
    """Stands in for pip: it remembers what it was asked to install, and fails if it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.constraints = ""
        self.fails = False
        self.meeting: threading.Barrier | None = None

    def __call__(self, *arguments: str) -> str:
        if self.meeting is not None:
            self.meeting.wait()
        self.calls.append(arguments)
        self.constraints = Path(arguments[arguments.index("--constraint") + 1]).read_text()
        if self.fails:
            raise PipError("No matching distribution found for autograd==1.8.0")
        return ""


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    pip = Installer()
    monkeypatch.setattr(environments, "pip", pip)
    monkeypatch.setattr(environments, "requirements", lambda *_: [])
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(environments, "_run", lambda _: json.dumps({"numpy": "1.0", "autograd": "1.8.0", "cat": "9"}))
    return pip


def of(cache: Path, *others: str) -> Environments:
    return Environments("autograd", ("jax",), others, cache)


def test_an_environment_is_made_once(installer: Installer, tmp_path: Path) -> None:
    python = of(tmp_path).python("1.8.0")
    assert os.access(python, os.X_OK)
    assert of(tmp_path).python("1.8.0") == python
    assert len(installer.calls) == 1
    wanted = installer.calls[0]
    assert "autograd==1.8.0" in wanted
    assert any(word.startswith("jax>=") for word in wanted)
    assert any(word.startswith("pandas>=") for word in wanted)
    assert "numpy==" in installer.constraints
    assert "autograd==" not in installer.constraints


def test_one_that_was_interrupted_is_made_again(installer: Installer, tmp_path: Path) -> None:
    python = of(tmp_path).python("1.8.0")
    (python.parent.parent / MADE).unlink()
    of(tmp_path).python("1.8.0")
    assert len(installer.calls) == 2


def test_another_release_or_other_packages_have_an_environment_of_their_own(
    installer: Installer, tmp_path: Path
) -> None:
    pythons = {of(tmp_path).python("1.8.0"), of(tmp_path).python("1.9.0"), of(tmp_path, "equinox").python("1.8.0")}
    assert len(pythons) == 3
    assert "equinox" in installer.calls[-1]


def test_a_release_that_does_not_install_is_unusable_with_the_reason(installer: Installer, tmp_path: Path) -> None:
    installer.fails = True
    with pytest.raises(UnusableError, match="cannot be installed: No matching distribution found"):
        of(tmp_path).python("1.8.0")
    installer.fails = False
    assert of(tmp_path).python("1.8.0").exists()


def test_environments_that_are_made_at_once_are_in_nobodys_way(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.machine.cpus", lambda: [0, 1])
    installer.meeting = threading.Barrier(2, timeout=10)
    Releases(("1.8.0", "1.8.1"), of(tmp_path), NONE).make(progress())
    assert len(installer.calls) == 2
    assert {path.name.rpartition("-")[0] for path in tmp_path.iterdir()} == {"autograd-1.8.0", "autograd-1.8.1"}


def test_versions_that_are_not_those_of_the_constraints_are_named(installer: Installer, tmp_path: Path) -> None:
    releases = Releases(("1.8.0",), of(tmp_path), NONE)
    assert releases.describe("1.8.0") == "autograd 1.8.0"
    assert releases.side("1.8.0").python.startswith(str(tmp_path))
    assert releases.describe("1.8.0") == "autograd 1.8.0 (numpy 1.0)"


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/descent-bench/environments")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "descent-bench" / "environments"
