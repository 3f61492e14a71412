"""What every worker needs and only one has to compute: right results, kept in a folder that all workers read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from problems import Array, Parameters, Problem, tree_leaves

_folders: list[Path] = []
"""The folder of `keep_in`, if any."""


def keep_in(folder: Path) -> None:
    """Keep results in this folder, where other processes find them."""
    _folders[:] = [folder]


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Keep results in this folder, in the block."""
    before = list(_folders)
    keep_in(folder)
    try:
        yield
    finally:
        _folders[:] = before


def kept(key: object, compute: Callable[[], Parameters]) -> tuple[Array, ...]:
    """Return the leaves of the result of `compute`, from the folder if any process has computed it before.

    `key` says what is computed: two results with the same `repr` of their keys are the same. A file has no nesting: the
    caller knows how the result is nested, and a user's class of named tuples need not be importable to read it.
    """
    if not _folders:
        return tree_leaves(compute())
    path = _folders[0] / f"{hashlib.sha256(repr(key).encode()).hexdigest()}.npz"
    if not path.exists():
        _write(path, tree_leaves(compute()))
    return _read(path)


def named(problem: Problem) -> tuple[object, ...]:
    """Return what tells a problem from all others: its name and its sizes."""
    return problem.name, sorted(problem.sizes.items())


def _write(path: Path, arrays: tuple[Array, ...]) -> None:
    """Write the arrays so that a reader finds them whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, *arrays)
    part.replace(path)


def _read(path: Path) -> tuple[Array, ...]:
    with np.load(path) as file:
        return tuple(file[f"arr_{index}"] for index in range(len(file.files)))
