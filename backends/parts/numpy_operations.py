"""Count the operations of a program in NumPy: arrays that note each function of NumPy that they are given to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from problems import Parameters, tree_map

LEVEL = "NumPy functions"


def counted(build: Callable[..., Callable[..., Any]], arguments: tuple[Parameters, ...]) -> dict[str, dict[str, int]]:
    """Return how often one call of `build(x, data)` gives an array to each of NumPy's functions.

    What is computed of arrays alone that the run allocated once is not seen: only what begins at the arguments, or at
    `empty_like` of them.
    """
    counts: Counter[str] = Counter()
    kind = _noting(counts)
    noting = tuple(tree_map(lambda array: array.view(kind), argument) for argument in arguments)
    run = build(noting[0], noting[-1])
    run(*noting)  # what the first call alone does is no part of the program
    counts.clear()
    run(*noting)
    return {LEVEL: dict(counts)}


def _noting(counts: Counter[str]) -> type[np.ndarray]:
    """Return a class of arrays that count in `counts` the functions that they are given to. So do their results."""

    class Noting(np.ndarray):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
            counts[f"numpy.{ufunc.__name__}{'' if method == '__call__' else '.' + method}"] += 1
            options = {name: bare(value) for name, value in options.items()}
            if out is not None:
                options["out"] = tuple(map(bare, out))
            result = getattr(ufunc, method)(*map(bare, inputs), **options)
            if out is not None:
                return out[0] if len(out) == 1 else out
            return tuple(map(noting, result)) if isinstance(result, tuple) else noting(result)

        def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
            counts[f"{function.__module__}.{function.__qualname__}"] += 1
            return super().__array_function__(function, types, inputs, options)

    def bare(value: Any) -> Any:
        return value.view(np.ndarray) if isinstance(value, Noting) else value

    def noting(value: Any) -> Any:
        return value.view(Noting) if isinstance(value, np.ndarray) else value

    return Noting
