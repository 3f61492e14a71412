"""Invented histories: a run a night, of 40 cases each. They show how fast `report trend` is, and what it finds.

    python -m tests.nights history/ 1000
    time python -m report trend history/ -o trend.html

The noise is like that of a shared machine: heavy tails, and a wild night now and then. `CHANGES` are in it.
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from report.table import schema
from report.table.schema import Value
from tests import rows

BACKENDS = ("numpy", "jax-grad", "jax-jit", "jax-loop", "torch-optim", "torch-grad", "torch-func", "autograd")
SIZES = (1, 100, 10_000, 1_000_000, 10_000_000)
CHANGES = {("jax-jit", 100): (0.3, 1.10), ("torch-optim", 10_000): (0.5, 1.25), ("jax-loop", 1): (0.8, 0.70)}
"""For a backend and a batch size: after which share of the nights the change begins, and the factor of the times."""

NOISE = 0.03
"""The scale of the noise of a night, on logarithms."""

WILD = 0.02
"""The share of the times that are wild."""


def main(folder: str, runs: str = "1000") -> None:
    """Write the history into the folder."""
    write(Path(folder), int(runs))


def write(folder: Path, runs: int, *, changes: bool = True) -> None:
    """Write this many runs into the folder, each as a CSV, with the changes or without."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for night in range(runs):
        with (folder / f"{night:05}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(schema.NAMES)
            for backend in BACKENDS:
                for size in SIZES:
                    begin, factor = CHANGES.get((backend, size), (2.0, 1.0))
                    changed = factor if changes and night >= begin * runs else 1.0
                    row = _row(night, backend, size, changed * _noise(random))
                    table.writerow(["" if row.get(name) is None else row[name] for name in schema.NAMES])


def write_one(folder: Path, night: int, seconds: float, ratio: float | None = 1.0, **others: str) -> None:
    """Write the run of one night, with one case, into the folder."""
    started = {"run": f"{night:03}", "started_utc": f"2026-01-{night + 1:02}T03:00:00+00:00"}
    rows.write(folder / f"{night:03}.csv", [rows.row(seconds, ratio, **started, **others)])


def _noise(random: np.random.Generator) -> float:
    wild = 1.0 + random.exponential() if random.random() < WILD else 1.0
    return float(np.exp(NOISE * random.standard_t(4))) * wild


def _row(night: int, backend: str, size: int, factor: float) -> dict[str, Value]:
    started = datetime(2024, 1, 1, 3, tzinfo=UTC) + timedelta(days=night)
    ratio = (1 + BACKENDS.index(backend)) * factor
    figures = rows.row(1e-6 * size * ratio, ratio, backend=backend, batch_size=size, run=f"{night:05}", dirty="false")
    versions = {"commit": f"{night:010x}", "framework_version": f"1.{night // 100}"}
    return figures | versions | {"started_utc": started.isoformat(timespec="seconds")}


if __name__ == "__main__":
    main(*sys.argv[1:])
