"""Valid rows for tests, written to CSVs as a race writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from report import table
from report.table import schema
from report.table.schema import Value

Row = dict[str, Value]

SECONDS = 1e-3

PLAIN: Row = {
    "schema": schema.VERSION,
    "run": "20260102T030405Z-none",
    "launch": 0,
    "started_utc": "2026-01-02T03:04:05+00:00",
    "commit": "0123456789",
    "dirty": False,
    "machine": "a1b2c3d4e5",
    "operator": "descent",
    "problem": "quadratic",
    "sizes": "",
    "backend": "jax-loop",
    "dtype": "float32",
    "device": "cpu",
    "batch_size": 100,
    "parameters": 100,
    "steps": 100,
    "threads": 1,
    "cpus": "0",
    "allocator": "default",
    "status": "ok",
    "reason": "",
    "rounds": 12,
    "iterations": 3,
    "compile_seconds": 0.1,
    "warm_compile_seconds": 0.02,
    "first_call_seconds": 0.01,
    "transfer_seconds": 0.001,
    "optimizer": "sgd",
    "rate": 0.1,
    "reference": "hand",
    "relative_error": 1e-7,
    "python": "3.11.7",
    "numpy_version": "2.4.6",
    "framework_version": "0.10.2",
    "cpu": "A CPU",
    "jaxlib_version": "0.10.2",
    "precision": "float32",
    "gpu": "",
    "cuda_driver": "",
    "variables": "",
}


UNPAIRED: Row = dict.fromkeys(("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"))
"""The columns of a row whose rounds were not paired with NumPy's."""


def row(seconds: float | None = SECONDS, ratio: float | None = 1.0, **others: Value) -> Row:
    """Return a valid row with these seconds per call and this ratio to NumPy. Without seconds its status is `error`."""
    if seconds is None:
        return PLAIN | {"status": "error", "reason": "ValueError: no"} | others
    return PLAIN | _around("seconds", seconds) | _around("ratio", ratio) | others


def target(seconds: float, steps: int) -> Row:
    """Return the columns of a descent that reaches the target after these seconds, with an interval of ± 2 %."""
    return {
        "steps_to_target": steps,
        "seconds_to_target": seconds,
        "target_ci_low": 0.98 * seconds,
        "target_ci_high": 1.02 * seconds,
    }


def launches(seconds: Sequence[float], **others: Value) -> list[Row]:
    """Return one row for each launch, whose ratio to NumPy is that of its seconds to `SECONDS`."""
    return [row(second, second / SECONDS, launch=launch, **others) for launch, second in enumerate(seconds)]


def write(path: Path, rows: Iterable[Row]) -> Path:
    """Append the rows to the CSV at `path`, and return the path."""
    for each in rows:
        table.append(path, each)
    return path


def _around(what: str, median: float | None) -> Row:
    if median is None:
        return {}
    if what == "ratio":
        return {"ratio_to_numpy": median, "ratio_ci_low": 0.98 * median, "ratio_ci_high": 1.02 * median}
    return {
        "seconds_median": median,
        "seconds_ci_low": 0.98 * median,
        "seconds_ci_high": 1.02 * median,
        "seconds_min": 0.95 * median,
        "seconds_per_step": median / 100,
    }
