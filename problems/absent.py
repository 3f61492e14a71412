"""Import a file although a module that it imports is not installed.

A file may import torch and JAX at its top, on a machine that has only one of them. A missing module is replaced by one
whose attributes may be named, called and inherited from while the file is imported. Whoever uses them later gets the
`ModuleNotFoundError`: only the losses that need the module cost their backends.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

MAX_ABSENT = 8
"""How many modules of one file may be absent."""


class _AbsentType(type):
    """The type of what an absent module has: it stands for classes, functions and submodules alike."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(cls.missing)


class _Absent:
    missing = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise ModuleNotFoundError(f"No module named '{self.missing}'", name=self.missing)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ModuleNotFoundError(f"No module named '{self.missing}'", name=self.missing)


def _absent(missing: str) -> Any:
    return _AbsentType("Absent", (_Absent,), {"missing": missing})


class _AbsentModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(self.__name__.partition(".")[0])


class _Finder(MetaPathFinder, Loader):
    """Finds the absent modules, and everything below them."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def importing(spec: ModuleSpec, path: Path) -> ModuleType:
    """Import the file at `path`, and return its module. A module that the file itself lacks is replaced."""
    absent: set[str] = set()
    while True:
        try:
            with _replaced(absent):
                return _imported(spec)
        except ModuleNotFoundError as error:
            name = (error.name or "").partition(".")[0]
            if not name or name in absent or len(absent) == MAX_ABSENT or not _raised_in(error, path):
                raise
            absent.add(name)


def _imported(spec: ModuleSpec) -> ModuleType:
    if spec.loader is None:
        raise ImportError(f"{spec.name} has no loader")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _raised_in(error: ModuleNotFoundError, path: Path) -> bool:
    """Return whether it is the file itself that imports the missing module, and not a library that it imports."""
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [file for file in files if "importlib" not in file][-1:] == [str(path)]


@contextmanager
def _replaced(names: set[str]) -> Iterator[None]:
    """In the block, these modules are found; after it, nobody else finds them."""
    finder = _Finder(names)
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for module in [key for key, module in sys.modules.items() if isinstance(module, _AbsentModule)]:
            del sys.modules[module]
