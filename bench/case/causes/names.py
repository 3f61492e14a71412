"""Names of functions that are the same in every environment: no absolute path, no number of a line."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import PurePath
from types import CodeType
from typing import Any

GENERATED = re.compile(r"\b[a-z0-9]{40,}\b")
"""A file or module of code that a compiler wrote, which is named by a hash: Inductor's."""

NUMBERED = re.compile(r"(?:_\d+)?_[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}|(?<=>\.)\d+|(?<=__compiled_fn)_\d+")
"""What numbers generated code: `__compiled_fn_3_<uuid>`, `<eval_with_key>.12`."""

BINDING = re.compile(r"\bpybind11_detail_function_record_\w+\.")
"""What pybind11 puts before the names of its functions: it has its own version, and the compiler's."""

BUILT_IN = re.compile(r"<built-in method (\S+)>|<(?:method|slot wrapper|wrapper) '(\w+)' of '([\w.]+)' objects>")
"""How cProfile writes a function in C."""


def name_of(function: Any) -> str:
    """Return the name of a code object, of a function in C, or of what cProfile writes for the latter.

    Python's have the file, relative to where it was imported from: `autograd/tracer.py:new_box`.
    """
    if isinstance(function, CodeType):
        name = f"{_file(function.co_filename)}:{function.co_qualname}"
    elif isinstance(function, str):
        name = BUILT_IN.sub(lambda found: found[1] or f"{found[3]}.{found[2]}", function)
    else:
        name, module = str(function.__qualname__), getattr(function, "__module__", None)
        name = f"{module}.{name}" if isinstance(module, str) else name
    return GENERATED.sub("<generated>", NUMBERED.sub("", BINDING.sub("", name)))


@cache
def _file(path: str) -> str:
    """Return the path without the folder of `sys.path` that it is in, or else its last part alone."""
    if path.startswith("<"):
        return path
    file = PurePath(path)
    if GENERATED.search(file.stem):
        return "<generated>"
    roots = [PurePath(folder) for folder in sys.path if folder and file.is_relative_to(folder)]
    if roots:
        return file.relative_to(max(roots, key=lambda root: len(root.parts))).as_posix()
    return file.name
