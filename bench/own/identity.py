"""The name of a problem that was made in Python, such as in a notebook: `mine@1a2b3c4d`.

The hash is of the source of the problem's functions, and of what they reach: values, and other code of the user. So the
same source has the same name in every session, and another loss has another.
"""

from __future__ import annotations

import dis
import functools
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from problems import Problem
from problems.files import hashed

IN_THE_ROW = ("name", "sizes", "steps", "batch_sizes", "presets")
"""The fields of a problem that its rows have columns for, and the presets, which choose sizes and batch sizes."""

PROJECT = ("problems", "backends", "bench", "report")
INSTALLED = {"site-packages", "dist-packages"}

WRAPPED = ("__func__", "__self__", "__wrapped__", "func", "args", "keywords", "fget")
"""Where methods, properties, partial and compiled functions have what they are made of."""


def name_of(problem: Problem) -> str:
    """Return the name that the rows of the problem have: its own, and the hash."""
    given = {field.name: getattr(problem, field.name) for field in fields(problem)}
    told = [
        [name, _told(_code(value) if isinstance(value, FunctionType) else value, {})]  # whosever function it is
        for name, value in [*given.items(), *problem.losses.items()]
        if name not in IN_THE_ROW
    ]
    return f"{problem.name}@{hashed(repr(told).encode(errors='backslashreplace'))}"


def is_own(module: str) -> bool:
    """Return whether the module is the user's: not one of Python, of an installed package, or of this project."""
    root = module.partition(".")[0]
    if root == "__main__" or root in sys.stdlib_module_names or root in PROJECT:
        return root == "__main__"
    files = (getattr(sys.modules.get(name), "__file__", None) for name in (module, root))
    file = next(filter(None, files), None)
    return file is not None and not INSTALLED & set(Path(file).parts)


def _told(value: Any, seen: dict[int, Any]) -> Any:
    """Return the value in lists and texts that are the same in every session. `seen` has what is told already."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        return repr(value)
    if id(value) in seen:
        return f"again {getattr(value, '__qualname__', '')}"
    seen[id(value)] = value
    told = [type(value).__name__, *(_told(part, seen) for part in _parts(value))]
    if not isinstance(value, FunctionType | type | ModuleType):  # equal values may, but need not, be one object
        del seen[id(value)]
    return told


@functools.singledispatch
def _parts(value: Any) -> Iterable[Any]:
    """Return what tells the value apart from others, of an object that none of the functions below is for."""
    if hasattr(value, "__array__"):
        with suppress(Exception):  # an array that NumPy does not hold, such as one of bfloat16
            array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
            if not array.dtype.hasobject:
                return str(array.dtype), array.shape, hashed(array.tobytes())
    kind: Any = type(value)
    if is_own(kind.__module__) and kind.__repr__ is object.__repr__:
        return kind, getattr(value, "__dict__", None)
    return kind, re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value)), [getattr(value, name, None) for name in WRAPPED]


@_parts.register(list | tuple)
def _(value: Iterable[Any]) -> Iterable[Any]:
    return value


@_parts.register(set | frozenset)
def _(value: Iterable[Any]) -> Iterable[Any]:
    return sorted(value, key=repr)


@_parts.register(Mapping)
def _(value: Mapping[Any, Any]) -> Iterable[Any]:
    return (part for item in value.items() for part in item)


@_parts.register
def _(value: type) -> Iterable[Any]:
    if not is_own(value.__module__):
        return value.__module__, value.__qualname__
    written = {name: part for name, part in vars(value).items() if callable(part) or not name.startswith("__")}
    return value.__bases__, written


@_parts.register
def _(value: ModuleType) -> Iterable[Any]:
    if not is_own(value.__name__):
        return (value.__name__,)
    code = {name: part for name, part in vars(value).items() if isinstance(part, FunctionType | type | ModuleType)}
    return _source(value), code


@_parts.register
def _(value: FunctionType) -> Iterable[Any]:
    return _code(value) if is_own(value.__module__) else (value.__module__, value.__qualname__)


@_parts.register
def _(value: CodeType) -> Iterable[Any]:
    return value.co_code, value.co_consts, value.co_names


def _code(function: FunctionType) -> tuple[Any, ...]:
    """Return the source of a function, and what it reaches. Lambdas may share a line: their bytecode is returned."""
    code = function.__code__
    source = None if code.co_name == "<lambda>" else _source(code)
    reached = {name: function.__globals__[name] for name in sorted(set(_names(code))) if name in function.__globals__}
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    reached |= {name: cell.cell_contents for name, cell in cells if not _is_empty(cell)}
    return source or code, function.__defaults__, function.__kwdefaults__, reached


def _source(code: CodeType | ModuleType) -> str | None:
    with suppress(OSError, TypeError, SyntaxError):
        return inspect.getsource(code)
    return None


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of the globals that the code reads, with those of the functions inside it."""
    for step in dis.get_instructions(code):
        if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _is_empty(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (reading it says whether there is something)
    except ValueError:
        return True
    return False
