"""Measure what the gate's table is made from: process pairs of duels, and runs of launches.

A folder holds `same.csv`, the pairs of the checkout against itself; `slow5.csv` and `slow3.csv`, its pairs against a
copy that is slower by that many percent; `pinned0.csv` and so on, the runs; and `commits.txt`, the commits that they
were measured at. A file that is there already is left as it is.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import machine, options
from bench.duel import samples
from bench.duel.pair import Effort
from bench.duel.sides import Sides, cases_of
from bench.duel.stage import Stage, lanes
from bench.process.client import Side
from experiments import gate, provenance
from experiments.gate import slowdown
from report.statistics import duel_rules

PERCENTS = (5, 3)
"""How much slower the copies are."""

PARTS = ("backends", "bench", "problems", "report", "conftest.py", "pyproject.toml")
"""What a copy of the checkout needs."""

SLOWDOWN = """

from backends.slowdown import slow_down

for _backend in BACKENDS:
    slow_down(_backend, {share})
"""
"""What is appended to each framework's file in a copy."""

PINNED = ("--threads", "1", "--allocator", "steady")
CASE_SECONDS = 0.5
"""Of rounds, of a case in a launch."""

TIMEOUT = 300.0
COMMITS = "commits.txt"


@dataclass(frozen=True)
class Amount:
    """How much is measured: process pairs against itself (two thirds as many for each slowdown), runs, and launches.

    `max_seconds` caps the rounds of a case and process; without it the duel's own limits hold.
    """

    pairs: int
    runs: int
    launches: int
    max_seconds: float | None


def collect(folder: Path, selection: dict[str, str], amount: Amount) -> None:
    """Measure everything that the folder lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, percent, pairs in _duels(folder, amount):
        if not path.exists():
            _measure_pairs(path, percent, pairs, selection, amount.max_seconds)
            _add_commit(folder)
    for number in range(amount.runs):
        path = folder / f"pinned{number}.csv"
        if not path.exists():
            _measure_run(path, selection, amount)
            _add_commit(folder)


def commits(folder: Path) -> list[str]:
    """Return the commits that the folder was measured at."""
    return (folder / COMMITS).read_text(encoding="utf-8").splitlines()


def _duels(folder: Path, amount: Amount) -> Iterator[tuple[Path, int, int]]:
    yield folder / "same.csv", 0, amount.pairs
    for percent in PERCENTS:
        yield folder / f"slow{percent}.csv", percent, 2 * amount.pairs // 3


def _measure_pairs(path: Path, percent: int, pairs: int, selection: dict[str, str], max_seconds: float | None) -> None:
    """Measure pairs of the checkout against itself or a slower copy; a slow case gets the effort of a suspect."""
    sides = Sides(Side(), Side(machine.ROOT if percent == 0 else slower_copy(path.with_suffix(""), percent)))
    cases = cases_of(sides, {**dict.fromkeys(options.HELP), **selection}).common
    seconds, precision = (
        (duel_rules.SECONDS, duel_rules.PRECISION)
        if percent == 0
        else (duel_rules.FRESH_SECONDS, duel_rules.FRESH_PRECISION)
    )
    effort = Effort(min(seconds, max_seconds or seconds), precision, TIMEOUT, lanes())
    stage = Stage(sides, effort, cases, pairs, duel_rules.never)
    done, total = itertools.count(1), pairs * len(cases)
    stage.run(lambda: print(f"\r{path.stem}: {next(done)} of {total}", end="", file=sys.stderr, flush=True))
    samples.write(path, 1, stage)


def slower_copy(folder: Path, percent: int) -> Path:
    """Return a copy of the checkout, in this folder, whose backends all take `percent` longer."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = machine.ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    shutil.copy(slowdown.__file__, folder / "backends" / "slowdown.py")
    for path in (folder / "backends").glob("*_modes.py"):
        with path.open("a", encoding="utf-8") as file:
            file.write(SLOWDOWN.format(share=percent / 100))
    return folder


def _measure_run(path: Path, selection: dict[str, str], amount: Amount) -> None:
    seconds = min(CASE_SECONDS, amount.max_seconds or CASE_SECONDS)
    effort = ("--launches", str(amount.launches), "--max-time", str(seconds))
    command = [sys.executable, "-m", "bench", "run", *effort, *gate.arguments(selection), *PINNED, "-o", str(path)]
    subprocess.run(command, cwd=machine.ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)


def _add_commit(folder: Path) -> None:
    """Add this checkout's commit to those that the folder names."""
    path = folder / COMMITS
    known = commits(folder) if path.exists() else []
    if provenance.here() not in known:
        path.write_text("\n".join([*known, provenance.here()]) + "\n", encoding="utf-8")
