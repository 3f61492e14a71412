"""More real work in each call of a backend: so many small sums in NumPy, after its own work.

`collect` copies this file into the checkout that it slows down, so it imports nothing of the project.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

ELEMENTS = 64
"""Of the arrays that are added: so few that the data of the case stay in the cache."""


def add_to(backend: Any, counts: Mapping[str, int]) -> None:
    """Give the calls of a backend so many more operations, by backend and batch size, such as `autograd 100`."""
    compiled = backend.compile

    def compile_with_more(*arguments: Any) -> Callable[..., Any]:
        case = arguments[0]
        return with_more(compiled(*arguments), counts.get(f"{case.backend} {case.batch_size}", 0))

    object.__setattr__(backend, "compile", compile_with_more)  # a backend may be a frozen dataclass


def with_more(run: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return a call of `run` that makes `count` more operations."""
    if count == 0:
        return run
    numbers = np.ones(ELEMENTS)

    def call(*arguments: Any) -> Any:
        result = run(*arguments)
        for _ in range(count):
            np.add(numbers, 0.0, out=numbers)
        return result

    return call


def counts() -> dict[str, int]:
    """Return the counts that lie beside this file."""
    found: dict[str, int] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found
