"""Find and import the backends: one file for each framework, named `backends/<framework>_modes.py`.

Importing a framework takes seconds and starts its thread pools. A file is therefore imported only when one of its
backends is asked for. A framework that cannot be imported is a reason in the report, not an error.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from packaging.requirements import Requirement

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
    files: dict[str, str] = field(default_factory=dict)
    """The files of the backends that are in a file of the user."""


_added: list[Path] = []


def find_file(word: str) -> Path:
    """Return the absolute path of a file of backends. Raise `ValueError` if there is none, or if its name is wrong."""
    path = Path(word).resolve()
    if not path.stem.endswith(SUFFIX):
        raise ValueError(
            f"backend '{word}': a file of backends is named <framework>{SUFFIX}.py, such as mine{SUFFIX}.py"
        )
    if not path.is_file():
        raise ValueError(f"backend '{word}': no such file")
    return path


def add_file(path: Path) -> None:
    """From now on, the backends in the file are found in this process, beside those of this folder."""
    if path not in _added:
        _added.append(path)


def framework_of(path: Path | str) -> str:
    """Return the framework that a file of backends is for."""
    return Path(path).stem.removesuffix(SUFFIX)


def frameworks() -> tuple[str, ...]:
    """Return the frameworks that there is a file for, installed or not. NumPy, the reference, comes first."""
    found = set(map(framework_of, [*_folder().glob(f"*{SUFFIX}.py"), *_added]))
    return tuple(sorted(found, key=lambda name: (name != "numpy", name)))


def usual_frameworks() -> tuple[str, ...]:
    """Return the frameworks that `--backend all` means: all but the optional ones that are not installed.

    Optional are those that have an extra of their own, and are not in the extra `all`: nobody who lacks them asked for
    them, so they have no rows. A framework of `all`, or of a user's file, has a row with the reason if it is missing.
    """
    extras = _extras()
    usual = {name for text in extras["all"] for name in Requirement(text).extras}
    optional = extras.keys() - usual
    return tuple(name for name in frameworks() if name not in optional or importlib.util.find_spec(name) is not None)


def _folder() -> Path:
    return Path(__file__).parent


def load(wanted: tuple[str, ...] | None = None) -> Found:
    """Import the files of the wanted frameworks, by default of all, and return their backends.

    Whatever a file raises is a reason in `Found.missing`, unless it is `KeyboardInterrupt`. Raises `BackendError` if a
    backend has no name or no builders, if its name does not begin with its framework's, or if its `wait` or `fetch`
    does not take the case.
    """
    found = Found()
    for framework in frameworks() if wanted is None else wanted:
        for path in _files(framework):
            try:
                backends = _backends(framework, path)
            except (KeyboardInterrupt, BackendError):
                raise
            except BaseException as error:  # noqa: BLE001 (SystemExit too: a framework may raise anything)
                found.missing[framework] = _why_missing(framework, error, path)
                continue
            if taken := sorted(backends.keys() & found.backends):
                raise BackendError(f"{_short(path)}: backend '{taken[0]}' has the name of another backend.")
            found.backends |= backends
            found.files |= dict.fromkeys(backends, str(path)) if path in _added else {}
    return found


def _files(framework: str) -> list[Path]:
    """Return the files of the framework: that of this folder, then the user's. If there is neither, the former."""
    ours = _folder() / f"{framework}{SUFFIX}.py"
    added = [path for path in _added if framework_of(path) == framework]
    return added if added and not ours.is_file() else [ours, *added]


def _backends(framework: str, path: Path) -> dict[str, Backend]:
    """Import the file, and return its backends by name."""
    module = _imported(path) if path in _added else importlib.import_module(f"backends.{framework}{SUFFIX}")
    backends = [_with_defaults(backend) for backend in module.BACKENDS]
    for backend in backends:
        _require_a_name_and_builders(backend, framework, _short(path))
        _require_the_case(backend, _short(path))
    return {backend.name: backend for backend in backends}


def _imported(path: Path) -> ModuleType:
    """Import a file of the user. Its folder is searched last, so that nothing there hides a module of the project."""
    name = f"_backends_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no file of Python")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _require_a_name_and_builders(backend: Backend, framework: str, path: str) -> None:
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


def _require_the_case(backend: Backend, path: str) -> None:
    for method in ("wait", "fetch"):
        try:
            inspect.signature(getattr(backend, method)).bind("result", "case")
        except TypeError:
            raise BackendError(
                f"{path}: {type(backend).__name__}.{method} must take the case too: def {method}(self, result, case)."
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


def _why_missing(framework: str, error: BaseException, path: Path) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == framework:
        extra = f"-c constraints.txt '.[{framework}]'" if framework in _extras() else framework
        return f"{framework} is not installed; pip install {extra}"
    return f"{framework} cannot be imported: {fault(error, path)}"


def _extras() -> Mapping[str, list[str]]:
    """Return what each of the project's extras requires."""
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["optional-dependencies"]
