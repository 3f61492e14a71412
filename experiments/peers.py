"""The usual gates, on the same machine in the same hour, by their own commands.

Races one after the other, as CI makes them, nothing changed: each is compared with the one before it by
pytest-benchmark's `--benchmark-compare-fail`, while it runs, and all of them with each other by `pyperf compare_to`.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench import machine

LIMITS = ("mean:5%", "mean:10%", "min:5%", "min:10%")
SAID = re.compile(r"Field '(\w+)' has failed PercentageRegressionCheck: [\d.]+ > ([\d.]+)")


def race(folder: Path, number: int, suite: tuple[str, ...]) -> None:
    """Run the race once more, compared with the one before; keep what was said, and the rounds."""
    kept = (f"--benchmark-json={folder}/peer{number}.json", f"--results={folder}/peer{number}.csv")
    storage = (f"--benchmark-storage={folder}/peers", "--benchmark-save=race", "--benchmark-max-time=0.5")
    against = ("--benchmark-compare", "--benchmark-compare-fail", *LIMITS) if number else ()
    command = [sys.executable, "-m", "pytest", "bench/", "--benchmark-only", *suite, *storage, *kept, *against]
    done = subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    (folder / f"peer{number}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")


def table(folder: Path) -> Iterator[str]:
    """Yield the rows of the table: how many comparisons of each kind fail."""
    told = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("peer*.txt"))[1:]]
    failed = [{f"{field}:{float(limit):g}%" for field, limit in SAID.findall(text)} for text in told]
    for limit in LIMITS:
        fails = f"{sum(limit in one for one in failed)} of {len(told)}"
        yield f"| pytest-benchmark, --benchmark-compare-fail={limit}: races that fail | {fails} | itself |"
    found = [_slower(base, head) for base, head in itertools.permutations(_suites(folder), 2)]
    yield f"| pyperf compare_to --min-speed=5: races that are slower | {sum(found)} of {len(found)} | itself |"


def _suites(folder: Path) -> list[Path]:
    """Write each race as pyperf does, one process whose values are the rounds, and return the files."""
    import pyperf  # noqa: PLC0415 (the experiment's own dependency: it measures without it)

    files = []
    for path in sorted(folder.glob("peer*.json")):
        rounds = {one["name"]: one["stats"]["data"] for one in pd.read_json(path, typ="series")["benchmarks"]}
        runs = [pyperf.Run(data, metadata={"name": name}, collect_metadata=False) for name, data in rounds.items()]
        files.append(Path(tempfile.mkdtemp()) / f"{path.stem}.json")
        pyperf.BenchmarkSuite([pyperf.Benchmark([run]) for run in runs]).dump(str(files[-1]))
    return files


def _slower(base: Path, head: Path) -> bool:
    """Whether pyperf's own comparison finds a benchmark significantly slower, by 5 % or more."""
    command = [sys.executable, "-m", "pyperf", "compare_to", "--min-speed=5", str(base), str(head)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (its own command)
    return any(line.endswith("slower") for line in said.stdout.splitlines() if not line.startswith("Geometric"))
