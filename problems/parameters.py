"""Parameters are one array, or dicts, lists and tuples of arrays, nested as deeply as one likes.

Most are one array or a flat tuple. To walk through those takes less time than optree's walk through any nesting, so
each has functions of its own: `form` chooses. What is timed asks for the form once, before the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import optree

Array: TypeAlias = Any
"""An array of any framework: `numpy.ndarray`, `torch.Tensor`, `jax.Array`."""

Parameters: TypeAlias = Any
"""What a descent moves, and everything shaped like it, such as a gradient: one array, or nested arrays.

The nesting is of dicts, lists, tuples and named tuples. The leaves of a dict are in the order of its sorted keys.
"""

Data: TypeAlias = tuple[Array, ...]
"""The arrays that a loss takes besides its parameters; empty if it needs none."""

NODES = (tuple, list, dict)
"""What nests arrays."""


class Form(NamedTuple):
    """`tree_leaves`, `tree_unflatten` and `tree_map` for parameters that are nested alike."""

    leaves: Callable[[Parameters], tuple[Array, ...]]
    unflatten: Callable[[Parameters, Sequence[Array]], Parameters]
    map: Callable[..., Parameters]


ARRAY = Form(lambda x: (x,), lambda _, arrays: arrays[0], lambda function, x, *others: function(x, *others))

FLAT = Form(
    lambda x: x,
    lambda _, arrays: tuple(arrays),
    lambda function, x, *others: tuple(function(*arrays) for arrays in zip(x, *others, strict=True)),
)

NESTED = Form(
    lambda x: tuple(optree.tree_leaves(x, none_is_leaf=True)),
    lambda x, arrays: optree.tree_unflatten(structure(x), arrays),
    lambda function, x, *others: optree.tree_map(function, x, *others, none_is_leaf=True),
)


def form(x: Parameters) -> Form:
    """Return the functions for parameters nested like `x`: `ARRAY`, `FLAT` for a tuple of arrays, else `NESTED`."""
    if type(x) is tuple and not any(isinstance(part, NODES) for part in x):
        return FLAT
    return NESTED if isinstance(x, NODES) else ARRAY


def structure(x: Parameters) -> Any:
    """Return how `x` is nested. Two nestings are equal if their dicts have the same keys, in any order."""
    return optree.tree_structure(x, none_is_leaf=True)


def tree_leaves(x: Parameters) -> tuple[Array, ...]:
    """Return the arrays of `x`, one or more."""
    return form(x).leaves(x)


def tree_unflatten(x: Parameters, arrays: Sequence[Array]) -> Parameters:
    """Return the arrays nested like `x`: the inverse of `tree_leaves`."""
    return form(x).unflatten(x, arrays)


def tree_map(function: Callable[..., Any], x: Parameters, *others: Parameters) -> Parameters:
    """Apply `function` to each array of `x` and the matching arrays of `others`, which are nested like `x`."""
    return form(x).map(function, x, *others)
