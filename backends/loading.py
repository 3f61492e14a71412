"""Find and import the backends: one file for each framework, named `backends/<framework>_modes.py`.

Importing a framework takes seconds and starts its thread pools. A file is therefore imported only when one of its
backends is asked for. A framework that cannot be imported is a reason in the report, not an error.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends.base import Backend
from problems.faults import fault

SUFFIX = "_modes"


class BackendError(ValueError):
    """A backend that breaks the contract of `Backend`. The text names its file, and what to change."""


@dataclass
class Found:
    """The backends that could be imported, by name, and for each framework that could not, the reason."""

    backends: dict[str, Backend] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def frameworks() -> tuple[str, ...]:
    """Return the frameworks that this folder has a file for, installed or not. NumPy, the reference, comes first."""
    found = (path.stem.removesuffix(SUFFIX) for path in Path(__file__).parent.glob(f"*{SUFFIX}.py"))
    return tuple(sorted(found, key=lambda name: (name != "numpy", name)))


def load(wanted: tuple[str, ...] | None = None) -> Found:
    """Import the files of the wanted frameworks, by default of all, and return their backends.

    Whatever a file raises is a reason in `Found.missing`, unless it is `KeyboardInterrupt`. Raises `BackendError` if a
    backend has no name or no builders, if its name does not begin with its framework's, or if its `wait` or `fetch`
    does not take the case.
    """
    found = Found()
    for framework in frameworks() if wanted is None else wanted:
        try:
            backends = _backends(framework)
        except (KeyboardInterrupt, BackendError):
            raise
        except BaseException as error:  # noqa: BLE001 (SystemExit too: a framework may raise anything)
            found.missing[framework] = _why_missing(framework, error)
            continue
        found.backends |= {backend.name: backend for backend in backends}
    return found


def _backends(framework: str) -> list[Backend]:
    """Import the file of the framework, and return its backends."""
    module = importlib.import_module(f"backends.{framework}{SUFFIX}")
    backends = [_with_defaults(backend) for backend in module.BACKENDS]
    for backend in backends:
        _require_a_name_and_builders(backend, framework)
        _require_the_case(backend, framework)
    return backends


def _require_a_name_and_builders(backend: Backend, framework: str) -> None:
    path = f"backends/{framework}{SUFFIX}.py"
    for attribute in ("name", "builders"):
        if not hasattr(backend, attribute):
            raise BackendError(
                f"{path}: {type(backend).__name__} has no attribute '{attribute}'; docs/backends.md has an example."
            )
    if backend.name.partition("-")[0] != framework:
        raise BackendError(
            f"{path}: backend '{backend.name}' must be named '{framework}', or '{framework}-<mode>': the file's name "
            "says which framework it needs."
        )


def _require_the_case(backend: Backend, framework: str) -> None:
    for method in ("wait", "fetch"):
        try:
            inspect.signature(getattr(backend, method)).bind("result", "case")
        except TypeError:
            raise BackendError(
                f"backends/{framework}{SUFFIX}.py: {type(backend).__name__}.{method} must take the case too: "
                f"def {method}(self, result, case)."
            ) from None


def _with_defaults(backend: Any) -> Backend:
    """Return the backend itself, an instance of `Backend`.

    In version 0.1 `Backend` was a protocol, and a backend need not inherit from it. Its class becomes a subclass of
    its own class and of `Backend`, in this order: what it defines stays, what it lacks gets the default. Changing the
    class of the object itself needs no copy of its state, whether that is in slots or in a dictionary.
    """
    if not isinstance(backend, Backend):
        own = type(backend)
        # By `object`, since a frozen dataclass forbids assignment.
        object.__setattr__(backend, "__class__", type(own.__name__, (own, Backend), {"__slots__": ()}))
    whole: Backend = backend
    return whole


def _why_missing(framework: str, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == framework:
        return f"{framework} is not installed; pip install -c constraints.txt '.[{framework}]'"
    return f"{framework} cannot be imported: {fault(error, Path(__file__).parent / f'{framework}{SUFFIX}.py')}"
