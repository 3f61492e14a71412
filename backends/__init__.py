"""The backends: one file a framework, found by its name `<framework>_modes.py`; there is no list to edit.

Frameworks take seconds to import and start thread pools when they are, so a file is imported only when one of its
backends is asked for. A framework that cannot be imported is a reason in the report, not an error.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path

from backends.base import (
    DEVICES,
    DTYPES,
    Backend,
    Builder,
    Case,
    Run,
    Stepwise,
    devices,
    missing_operator,
    offers,
    place,
)
from backends.probes import Probes, probes_of
from problems import OPERATORS

__all__ = [
    "DEVICES",
    "DTYPES",
    "OPERATORS",
    "Backend",
    "Builder",
    "Case",
    "Found",
    "Probes",
    "Run",
    "Stepwise",
    "devices",
    "frameworks",
    "load",
    "missing_operator",
    "offers",
    "place",
    "probes_of",
]

SUFFIX = "_modes"


@dataclass
class Found:
    """The backends that are here, by name, and the frameworks that are not, with the reason."""

    backends: dict[str, Backend] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def frameworks() -> tuple[str, ...]:
    """Return the frameworks that this folder has a file for, installed or not; NumPy, the yardstick, first."""
    found = (path.stem.removesuffix(SUFFIX) for path in Path(__file__).parent.glob(f"*{SUFFIX}.py"))
    return tuple(sorted(found, key=lambda name: (name != "numpy", name)))


def load(wanted: tuple[str, ...] | None = None) -> Found:
    """Import the wanted frameworks' files, all by default, and return what they hold."""
    found = Found()
    for framework in frameworks() if wanted is None else wanted:
        try:
            module = importlib.import_module(f"backends.{framework}{SUFFIX}")
        except (ImportError, OSError) as error:
            found.missing[framework] = _why_missing(framework, error)
            continue
        for backend in module.BACKENDS:
            if backend.name.partition("-")[0] != framework:
                raise ValueError(
                    f"backends/{framework}{SUFFIX}.py: backend '{backend.name}' must be named '{framework}', or "
                    f"'{framework}-<mode>': the file's name says which framework it needs."
                )
            found.backends[backend.name] = backend
    return found


def _why_missing(framework: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == framework:
        return f"{framework} is not installed; pip install -c constraints.txt '.[{framework}]'"
    return f"{framework} cannot be imported: {error}"
