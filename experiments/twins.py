"""Is one of two equal backends named fastest? `python -m experiments.twins collect FILE.csv`, then `table`

`collect` races three backends under two names each, one launch after the other: the second name is a file of backends
that a user could have brought, in a process of its own. It appends the launches that the file lacks, and keeps them in
results/evidence. `table` counts how often a single launch names one of two equal backends the fastest, and how often it
names one that is faster by 20 %: the same rows, with the times of one twin scaled.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from bench import machine
from experiments import evidence
from experiments.rates import rate
from report import table as results
from report.run import cases
from report.run.fastest import fastest

TWINS = {"numpy": "numpy-inplace", "autograd": "autograd", "jax": "jax-jit"}
"""The backends that are raced under two names, by framework."""

SIZES = "1,100,10000,1000000"
ADVANTAGE = 0.20
KEPT = evidence.FOLDER / "twins.csv"

FILE = """
from dataclasses import replace

from backends.{framework}_modes import BACKENDS as ORIGINALS

BACKENDS = tuple(
    replace(backend, name="twin{framework}-twin") for backend in ORIGINALS if backend.name == "{backend}"
)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.twins", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    collecting = commands.add_parser("collect", help="race the launches that the file lacks")
    collecting.add_argument("file", type=Path)
    collecting.add_argument("--launches", type=int, default=30, help="in all (default: 30)")
    collecting.add_argument("--batch-size", metavar="LIST", default=SIZES, help=f"(default: {SIZES})")
    collecting.add_argument("--seconds", type=float, default=0.75, help="of rounds, a case (default: 0.75)")
    collecting.set_defaults(command=_collect)
    printing = commands.add_parser("table", help="print the table of what is kept")
    printing.set_defaults(command=_print)
    for command in (collecting, printing):
        evidence.add_kept(command, KEPT)
    options = parser.parse_args(arguments)
    options.command(options)


def _collect(options: argparse.Namespace) -> None:
    options.file.parent.mkdir(parents=True, exist_ok=True)
    files = [_file(options.file.parent, framework, backend) for framework, backend in TWINS.items()]
    done = set(results.read(options.file)["launch"]) if options.file.exists() else set()
    chosen = ("--backend", ",".join([*TWINS.values(), *map(str, files)]), "--batch-size", options.batch_size)
    effort = (f"--benchmark-max-time={options.seconds}", "--memory=off", "--no-page", "--device=cpu")
    for launch in sorted({*range(options.launches)} - done):
        command = [sys.executable, "-m", "pytest", "bench/", "--benchmark-only", *chosen, *effort]
        command += ["--results", str(options.file), "--launch", str(launch)]
        subprocess.run(command, cwd=machine.ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)
        evidence.keep(results.read(options.file), options.kept)


def _file(folder: Path, framework: str, backend: str) -> Path:
    path = (folder / f"twin{framework}_modes.py").resolve()
    path.write_text(FILE.format(framework=framework, backend=backend), encoding="utf-8")
    return path


def _print(options: argparse.Namespace) -> None:
    rows = evidence.read(options.kept)
    evidence.print_table(figures_of(rows), evidence.commits(rows))


def figures_of(rows: pd.DataFrame) -> Iterator[evidence.Figures]:
    """Yield how often one launch names one of two equals, and how often one that is 20 % faster, by batch size."""
    for size, same in rows.groupby("batch_size"):
        pairs = list(_pairs(same))
        named = [_named(pair) for pair in pairs]
        yield f"two equal backends, at {size:,}: one is named fastest", rate(sum(map(bool, named)), len(named)), "real"
        faster = [
            _named(_scaled(pair, twin, 1.0 - ADVANTAGE)) == twin for pair in pairs for twin in set(pair["backend"])
        ]
        what = f"the same, one of them faster by {100 * ADVANTAGE:g} %: it is named"
        yield what, rate(sum(faster), len(faster)), "real launches, the times of one scaled"


def _pairs(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the two rows of each launch and backend that was raced under two names."""
    names = rows["backend"].astype(str).replace({f"twin{framework}-twin": name for framework, name in TWINS.items()})
    for _, pair in rows.groupby(["launch", names]):
        if len(pair) == 2:  # noqa: PLR2004 (both names have a time)
            yield pair


def _named(pair: pd.DataFrame) -> str:
    """Return the backend that a report of this launch names the fastest; empty if it names none.

    The rows are of no machine, so what launches differ by is the floor, whatever is known of this one.
    """
    found = fastest(cases.from_rows(pair.assign(machine="").reset_index(drop=True)))
    return found.backend if found is not None and found.separated else ""


def _scaled(pair: pd.DataFrame, backend: str, factor: float) -> pd.DataFrame:
    """Return the pair with the times of one backend scaled."""
    columns = [name for name in pair if str(name).startswith(("seconds_", "ratio_"))]
    pair = pair.astype(dict.fromkeys(columns, float))
    pair.loc[pair["backend"] == backend, columns] *= factor
    return pair


if __name__ == "__main__":
    main()
