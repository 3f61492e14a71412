"""Does a case take longer where a worker measures it? `python -m experiments.isolation`

Races with workers and races in pytest's own process take turns, in random order, pinned to one thread. The table has
the ratio of the two, workers over own process: the estimate over the pairs of races, with its 95 % interval.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from bench import machine
from experiments import provenance
from report import table
from report.statistics import verdict
from report.statistics.intervals import CONFIDENCE

ISOLATIONS = ("process", "none")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each case, and the median of all."""
    parser = argparse.ArgumentParser(prog="python -m experiments.isolation", description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=12, help="pairs of races (default: 12)")
    parser.add_argument("--backend", default="numpy,autograd,jax-jit", help="default: numpy,autograd,jax-jit")
    parser.add_argument("--batch-size", default="100,10000", help="default: 100,10000")
    parser.add_argument("--max-time", default="0.5", help="seconds of rounds a case (default: 0.5)")
    options = parser.parse_args(arguments)
    ratios = pd.DataFrame([_pair(options) for _ in range(options.pairs)])
    print("| backend | batch size | worker / own process |\n| --- | ---: | --- |")
    centers = []
    for case in ratios.columns:
        backend, size = cast("tuple[str, int]", case)
        ratio = verdict.paired(np.log(ratios[case]), CONFIDENCE)
        centers.append(ratio.center)
        print(f"| `{backend}` | {size:,} | {ratio.center:.3f} [{ratio.low:.3f}, {ratio.high:.3f}] |")
    print(f"\nMedian of the cases: {np.median(centers):.3f}, from {options.pairs} pairs of races.")
    print(provenance.line("Measured"))


def _pair(options: argparse.Namespace) -> pd.Series:
    """Return the ratio of each case, from one race of either kind, in random order."""
    seconds = {isolation: _race(options, isolation) for isolation in random.sample(ISOLATIONS, 2)}
    return seconds["process"] / seconds["none"]


def _race(options: argparse.Namespace, isolation: str) -> pd.Series:
    """Return the seconds per step of each case of a race."""
    with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
        path = Path(folder) / "race.csv"
        command = [sys.executable, "-m", "pytest", "bench/", "--benchmark-only", "--no-page", "--isolation", isolation]
        command += ["--backend", options.backend, "--batch-size", options.batch_size, "--device", "cpu"]
        command += ["--threads", "1", "--memory", "off", "--results", str(path)]
        command += [f"--benchmark-max-time={options.max_time}"]
        # pytest-benchmark measures nothing where it believes that pytest-xdist runs its tests.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        subprocess.run(command, cwd=machine.ROOT, env=variables, check=True, capture_output=True)  # noqa: S603 (ours)
        return table.read(path).set_index(["backend", "batch_size"])["seconds_per_step"].sort_index()


if __name__ == "__main__":
    main()
