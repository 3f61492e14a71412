"""Other gates on the same machine, by their own commands: `python -m experiments.peers collect FOLDER`, then `table`

`collect` runs races one after the other, as CI does, with nothing changed. pytest-benchmark compares each race with the
one before it, while it runs (`--benchmark-compare-fail`). `table` compares every race with every other one by
`pyperf compare_to`, and prints how many comparisons fail. pyperf comes with the extra `peers`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import machine
from experiments import provenance, suite

LIMITS = ("mean:5%", "mean:10%", "min:5%", "min:10%")
CASE_SECONDS = 0.5
"""Of rounds, of a case in a race."""

FAILED = re.compile(r"Field '(\w+)' has failed PercentageRegressionCheck: [\d.]+ > ([\d.]+)")
"""What pytest-benchmark prints of a limit that a race exceeds."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.peers", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    collecting = commands.add_parser("collect", help="run the races that the folder lacks")
    collecting.add_argument("--races", type=int, default=5, help="one after the other (default: 5)")
    suite.add_suite(collecting)
    collecting.set_defaults(command=_collect)
    printing = commands.add_parser("table", help="print the table of what the folder holds")
    printing.set_defaults(command=_print)
    for command in (collecting, printing):
        command.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    options.command(options)


def _collect(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.races):
        if not _said(options.folder, number).exists():
            race(options.folder, number, suite.chosen(options), options.max_seconds or CASE_SECONDS)


def race(folder: Path, number: int, selection: dict[str, str], seconds: float) -> None:
    """Run the race once more, compared with the one before it; keep its rounds and what was printed."""
    kept = (f"--benchmark-json={folder}/peer{number}.json", f"--results={folder}/peer{number}.csv", "--no-page")
    storage = (f"--benchmark-storage={folder}/peers", "--benchmark-save=race", f"--benchmark-max-time={seconds}")
    against = ("--benchmark-compare", "--benchmark-compare-fail", *LIMITS) if number else ()
    command = [sys.executable, "-m", "pytest", "bench/", "--benchmark-only", *suite.arguments(selection)]
    command += [*storage, *kept, *against]
    done = subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    _said(folder, number).write_text(done.stdout + done.stderr, encoding="utf-8")


def _print(options: argparse.Namespace) -> None:
    print("| what | found | from |\n| --- | --- | --- |")
    for row in rows(options.folder):
        print(f"| {' | '.join(row)} |", flush=True)
    recorded = [_recorded(path)["commit_info"] for path in _jsons(options.folder)]
    print(provenance.line("Measured", [provenance.described(commit["id"], commit["dirty"]) for commit in recorded]))


def rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the rows: how many comparisons of each kind fail, though nothing has changed."""
    compared = [_said(folder, number).read_text(encoding="utf-8") for number in range(1, len(_jsons(folder)))]
    failed = [{f"{field}:{float(limit):g}%" for field, limit in FAILED.findall(text)} for text in compared]
    for limit in LIMITS:
        count = f"{sum(limit in limits for limits in failed)} of {len(failed)}"
        yield f"pytest-benchmark, --benchmark-compare-fail={limit}: races that fail", count, "itself"
    with tempfile.TemporaryDirectory() as suites:
        pairs = list(itertools.permutations(_suites(folder, Path(suites)), 2))
        slower = sum(_slower(base, head) for base, head in pairs)
    yield "pyperf compare_to --min-speed=5: races that are slower", f"{slower} of {len(pairs)}", "itself"


def _suites(folder: Path, to: Path) -> list[Path]:
    """Write each race as pyperf would, as one process whose values are the rounds, and return the files."""
    import pyperf  # noqa: PLC0415 (of the extra `peers`: collecting goes without it)

    files = []
    for path in _jsons(folder):
        rounds = {benchmark["name"]: benchmark["stats"]["data"] for benchmark in _recorded(path)["benchmarks"]}
        runs = [pyperf.Run(data, metadata={"name": name}, collect_metadata=False) for name, data in rounds.items()]
        files.append(to / path.name)
        pyperf.BenchmarkSuite([pyperf.Benchmark([run]) for run in runs]).dump(str(files[-1]))
    return files


def _slower(base: Path, head: Path) -> bool:
    """Whether pyperf's own comparison reports a benchmark that is significantly slower, by 5 % or more."""
    command = [sys.executable, "-m", "pyperf", "compare_to", "--min-speed=5", str(base), str(head)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (its own command)
    return any(line.endswith("slower") for line in said.stdout.splitlines() if not line.startswith("Geometric"))


def _said(folder: Path, number: int) -> Path:
    return folder / f"peer{number}.txt"


def _jsons(folder: Path) -> list[Path]:
    return sorted(folder.glob("peer*.json"))


def _recorded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
