"""The columns that identify a row, a case and a group of cases; and the values that the reports treat apart."""

from __future__ import annotations

from collections.abc import Iterable

CASE = ("operator", "problem", "backend", "batch_size", "dtype", "device", "steps", "sizes", "optimizer")
"""The columns that name a case."""

ROW = ("run", "launch", *CASE)
"""The columns that name a row. No two rows share them all."""

CONDITIONS = ("machine", "threads", "cpus", "allocator")
"""What two rows must share for their seconds to be compared."""

MEASURED_CASE = (*CASE, *CONDITIONS)
"""A case under the conditions that it was measured in. Launches that share these are replicates."""

GROUP = ("problem", "sizes", "operator", "optimizer", "dtype", "device", "steps")
"""What the cases of one table share. They differ in backend and batch size."""

VERSIONS = (
    "commit",
    "python",
    "numpy_version",
    "framework_version",
    "optimizer_library",
    "jaxlib_version",
    "cuda_version",
    "cuda_driver",
)
"""The columns that say which code was measured. The launches of a case should have them in common."""

SGD = "sgd"
"""The optimizer of a descent unless another is asked for."""

LBFGS = "lbfgs"
"""The optimizer that ends when it has converged: its times are of whole descents, whatever their steps."""

CONTROL = "numpy"
"""The backend of the hand-derived gradient: the reference, and the negative control of a comparison."""

REFUSED = ("unsupported", "unavailable")
"""Statuses of a case that its backend refused: nobody expects a time."""

BROKEN = ("wrong", "error", "oom", "timeout", "crashed")
"""Statuses of a case that its backend should have run, and did not."""


def goes_without_saying(column: str, value: object) -> bool:
    """Return whether words may leave out a value of a column of `CASE`: an empty one, or the usual optimizer."""
    return value == "" or (column == "optimizer" and value == SGD)


def framework(backend: str) -> str:
    """Return the framework of a backend: `jax` for `jax-loop`."""
    return backend.partition("-")[0]


def in_order(backends: Iterable[str]) -> list[str]:
    """Return the backends, each once, in the order of every table: NumPy first, then by name."""
    return sorted(set(backends), key=lambda name: (not name.startswith(CONTROL), name))
