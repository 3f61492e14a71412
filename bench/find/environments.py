"""An environment for each release, made once and kept: the release, and all else at the versions of constraints.txt."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from bench import machine
from bench.find.candidates import UnusableError
from bench.find.packages import PipError, held, last_line, pip, requirements
from report.table.lock import lock

MADE = "made.json"
"""The file that an environment has once it is whole: the versions in it."""

LISTING = """\
import importlib.metadata as m, json
print(json.dumps({d.metadata["Name"]: d.version for d in m.distributions()}))
"""


@dataclass(frozen=True)
class Environments:
    """Environments with one release of a package each, in subfolders of `cache`.

    Beside the release they have what the harness needs, the `frameworks`, and `others`: requirements of the user.
    """

    package: str
    frameworks: tuple[str, ...]
    others: tuple[str, ...]
    cache: Path

    def python(self, release: str) -> Path:
        """Return the interpreter of the environment with this release, which is made if it is not there.

        Raise `UnusableError` if it cannot be installed.
        """
        folder = self._folder(release)
        with lock(folder.with_name(f"{folder.name}.lock")):
            if not (folder / MADE).exists():
                try:
                    self._make(folder, release)
                except PipError as error:
                    raise UnusableError(f"cannot be installed: {error}") from error
        return folder / "bin" / "python"

    def differences(self, release: str) -> dict[str, str]:
        """Return the versions in the environment of a release that are not those of the constraints."""
        made = self._folder(release) / MADE
        if not made.exists():
            return {}
        pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in _pins())}
        there: dict[str, str] = json.loads(made.read_text(encoding="utf-8"))
        return {
            name: version
            for name, version in there.items()
            if pins.get(canonicalize_name(name), version) != version and name != self.package
        }

    def wanted(self, release: str) -> list[str]:
        """Return the requirements of an environment."""
        project = tomllib.loads((machine.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = project["optional-dependencies"]
        frameworks = [line for name in self.frameworks for line in extras.get(name, ())]
        return [*project["dependencies"], *frameworks, *self.others, f"{self.package}=={release}"]

    def _folder(self, release: str) -> Path:
        """Return the folder of an environment. Its name has a hash of all that decides what is in it."""
        what = "\n".join([sys.version, *self.wanted(release), *_pins()])
        digest = hashlib.sha256(what.encode()).hexdigest()[:10]
        return self.cache / f"{self.package}-{release}-{digest}"

    def _make(self, folder: Path, release: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # the half of one that was interrupted
        kept = held(_pins(), self.package, requirements(self.package, release))
        pins = folder.with_name(f"{folder.name}.txt")
        pins.write_text("\n".join(kept) + "\n", encoding="utf-8")
        wanted = self.wanted(release)
        if uv := shutil.which("uv"):
            _uv(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
            into = ("--python", str(folder / "bin" / "python"), "--constraints", str(pins), "--compile-bytecode")
            _uv(uv, "pip", "install", "--quiet", *into, *wanted)
        else:
            venv.create(folder, symlinks=True)
            pip("--python", str(folder / "bin" / "python"), "install", "--quiet", "--constraint", str(pins), *wanted)
        pins.unlink()
        listed = _run([str(folder / "bin" / "python"), "-c", LISTING])
        (folder / MADE).write_text(listed, encoding="utf-8")


def default_cache() -> Path:
    """Return the folder of the environments, unless the user names another."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "descent-bench" / "environments"


def _pins() -> list[str]:
    lines = (machine.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if "==" in line and not line.lstrip().startswith("#")]


def _uv(uv: str, *arguments: str) -> str:
    return _run([uv, *arguments])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise PipError(last_line(done.stderr))
    return done.stdout
