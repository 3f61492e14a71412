"""Writes two CSVs of half a million rows each, to measure how long `compare` takes and how much memory it needs.

    python -m tests.million base.csv head.csv
    /usr/bin/time -v python -m report compare base.csv head.csv

No test runs this, because a time depends on what else runs on the machine.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from report.table import schema
from report.table.schema import Value
from tests import rows

LAUNCHES = 5
CASES = 100_000
BACKENDS = ("numpy", "autograd", "torch-optim", "torch-compile-step", "jax-loop")
DTYPES = ("float32", "float64")
FIGURES = ("seconds_median", "seconds_ci_low", "seconds_ci_high", "seconds_min", "seconds_per_step")


def main(paths: list[str]) -> None:
    """Write one side to each path. The sides differ only by noise."""
    for side, path in enumerate(paths):
        write(Path(path), np.random.default_rng(side))


def write(path: Path, random: np.random.Generator) -> None:
    """Write `CASES` cases in `LAUNCHES` launches each, with 2 % of noise on their times."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(schema.NAMES)
        for launch in range(LAUNCHES):
            noise = random.lognormal(sigma=0.02, size=CASES)
            for case in range(CASES):
                row = _row(case, launch, float(noise[case]), path.stem)
                table.writerow(["" if row.get(name) is None else row[name] for name in schema.NAMES])


def _row(case: int, launch: int, noise: float, run: str) -> dict[str, Value]:
    size, rest = divmod(case, len(BACKENDS) * len(DTYPES))
    seconds = 1e-4 * (1 + rest) * noise
    second = f"{launch:02}:{case // 3600 % 60:02}:{case % 60:02}"
    return (
        rows.row(seconds, noise)
        | {"run": run, "launch": launch, "started_utc": f"2026-01-02T{second}+00:00", "dirty": "false"}
        | {"backend": BACKENDS[rest % 5], "dtype": DTYPES[rest // 5], "batch_size": size + 1, "parameters": size + 1}
    )


if __name__ == "__main__":
    main(sys.argv[1:])
