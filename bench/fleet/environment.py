"""What the machine of a launch must share with the one that submits it: the code, and the versions of what it uses."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from bench import machine
from bench.own.files import Files

Environment: TypeAlias = dict[str, str]
"""Versions by name. One that is not there is empty."""

FOLDERS = ("backends", "bench", "problems", "report")
PACKAGES = ("numpy", "autograd", "torch", "jax", "jaxlib")
"""The packages whose versions decide how long a case takes. Others are not compared."""

HASH_DIGITS = 8


def here(files: Iterable[str] = ()) -> Environment:
    """Return the environment of this machine, with a hash of each of the user's files."""
    machine.commit.cache_clear()  # a worker may live on while its checkout is updated
    head, _ = machine.commit()
    versions = {"commit": head, "source": _hash_of_source(), "python": platform.python_version()}
    return versions | {name: _version(name) for name in PACKAGES} | {name: _hash(Path(name)) for name in files}


def paths(files: Files) -> list[str]:
    """Return the absolute paths of the user's files, each once."""
    found = [str(file.path) for file in files.problems] + [str(path) for path in files.backends]
    return list(dict.fromkeys(found))


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Return what differs between the submitting environment and another: `jax 0.9.1 there, 0.10.2 here`."""
    names = dict.fromkeys([*ours, *theirs])
    both = [(name, ours.get(name) or "missing", theirs.get(name) or "missing") for name in names]
    return [f"{name} {their} there, {our} here" for name, our, their in both if our != their]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _hash_of_source() -> str:
    """Return a hash of every Python file of the checkout. It sees uncommitted changes, and needs no git."""
    found = hashlib.sha256()
    for path in sorted(path for name in FOLDERS for path in (machine.ROOT / name).rglob("*.py")):
        found.update(str(path.relative_to(machine.ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:HASH_DIGITS]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_DIGITS]
    except OSError:
        return ""
