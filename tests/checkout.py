"""A copy of the checkout in a folder of its own, and commands that run in it as a user runs them."""

from __future__ import annotations

import atexit
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from report import table

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("backends", "bench", "problems", "report", "conftest.py", "pyproject.toml", "setup.py", "README.md")
QUICK = (
    "--benchmark-max-time=0.02",
    "--benchmark-min-time=0.0005",
    "--warm-cache=off",
    "--no-page",
    "-p",
    "no:hypothesispytest",
)
"""Options of a short race. Hypothesis belongs to the tests: its plugin imports all of it at the end of each race."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout at `path`."""

    path: Path

    def write(self, name: str, text: str) -> None:
        """Write a file into the copy."""
        (self.path / name).write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """Return the command `python -m …` with this interpreter."""
        return [sys.executable, "-m", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m …` in the copy, and capture its output."""
        pipe = subprocess.PIPE
        command, env = self.command(*arguments), environment()
        return subprocess.Popen(command, cwd=self.path, env=env, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m …` in the copy until it ends, with these environment variables, and return its output."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.path,
            env=environment() | {"COLUMNS": "80"} | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def race(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the race with a few short rounds."""
        return self.run("pytest", "bench/", "--benchmark-only", *QUICK, *arguments, **variables)

    def csvs(self) -> list[Path]:
        """Return the CSVs of the copy's runs."""
        return sorted((self.path / "results").glob("*.csv"))

    def rows(self) -> pd.DataFrame:
        """Return the rows of the copy's only run, by backend, batch size and device."""
        (path,) = self.csvs()
        return table.read(path).set_index(["backend", "batch_size", "device"])


def environment() -> dict[str, str]:
    """Return this process's environment without the variables of pytest-xdist, which would change a race in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}


def copy_to(folder: Path) -> Checkout:
    """Copy what the project needs to run, without its tests, results and history."""
    shutil.copytree(_compiled(), folder, dirs_exist_ok=True)
    return Checkout(folder)


@cache
def _compiled() -> Path:
    """Return a compiled copy, from which the others are made. Otherwise each would compile every module again."""
    folder = Path(tempfile.mkdtemp(prefix="descent-bench-checkout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, folder / name)  # with its time, by which Python knows that the bytecode is current
    compileall.compile_dir(folder, quiet=1)
    return folder
