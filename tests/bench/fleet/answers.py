"""Answers of jobs, as machines of a test give them."""

from __future__ import annotations

from pathlib import Path

from bench.fleet.job import Answer
from tests import rows


def csv_of(number: int, seconds: float, folder: Path) -> str:
    """Return the CSV of a launch with two cases: NumPy takes these seconds, and jax-loop half of them."""
    path = folder / f"answer-{number}.csv"
    found = [
        rows.row(seconds * share, share, run=path.stem, backend=backend)
        for backend, share in (("numpy", 1.0), ("jax-loop", 0.5))
    ]
    text = rows.write(path, found).read_text(encoding="utf-8")
    path.unlink()
    return text


def answer(number: int, host: str, csv: str, reason: str = "") -> Answer:
    """Return the answer of a job."""
    return {"number": number, "host": host, "differences": [], "csv": csv, "reason": reason}
