"""Writes an invented history, to measure how fast `report trend` is and what it finds: a run a night, 40 cells each.

    python -m tests.nights history/ 1000
    time python -m report trend history/ -o trend.html

The noise is like a shared machine's: heavy tails, and a wild night now and then. Three changes are in it.
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

BACKENDS = ("numpy", "jax-grad", "jax-jit", "jax-loop", "torch-sgd", "torch-grad", "torch-func", "autograd")
SIZES = (1, 100, 10_000, 1_000_000, 10_000_000)
CHANGES = {("jax-jit", 100): (0.3, 1.10), ("torch-sgd", 10_000): (0.5, 1.25), ("jax-loop", 1): (0.8, 0.70)}
"""Backend and batch size: from which share of the nights on, and how many times as long."""

NOISE, WILD = 0.03, 0.02


def main(folder: str, runs: str = "1000") -> None:
    """Write the history into the folder."""
    write(Path(folder), int(runs))


def write(folder: Path, runs: int, *, changes: bool = True) -> None:
    """Write as many runs into the folder, a CSV each, with the changes or without."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for night in range(runs):
        with (folder / f"{night:05}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(schema.NAMES)
            for backend in BACKENDS:
                for size in SIZES:
                    share, factor = CHANGES.get((backend, size), (2.0, 1.0))
                    step = factor if changes and night >= share * runs else 1.0
                    row = _row(night, backend, size, step * _noise(random))
                    table.writerow(["" if row.get(name) is None else row[name] for name in schema.NAMES])


def _noise(random: np.random.Generator) -> float:
    wild = 1.0 + random.exponential() if random.random() < WILD else 1.0
    return float(np.exp(NOISE * random.standard_t(4))) * wild


def _row(night: int, backend: str, size: int, times: float) -> dict[str, Value]:
    started = datetime(2024, 1, 1, 3, tzinfo=UTC) + timedelta(days=night)
    ratio = (1 + BACKENDS.index(backend)) * times
    figures = rows.row(1e-6 * size * ratio, ratio, backend=backend, batch_size=size, run=f"{night:05}", dirty="false")
    versions = {"commit": f"{night:010x}", "framework_version": f"1.{night // 100}"}
    return figures | versions | {"started_utc": started.isoformat(timespec="seconds")}


if __name__ == "__main__":
    main(*sys.argv[1:])
