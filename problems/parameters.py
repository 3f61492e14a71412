"""Parameters are one array, or a flat tuple of arrays. These functions treat both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Array: TypeAlias = Any
"""An array of any framework: `numpy.ndarray`, `torch.Tensor`, `jax.Array`."""

Parameters: TypeAlias = Any
"""What a descent moves, and everything shaped like it, such as a gradient: one array, or a tuple of arrays."""

Data: TypeAlias = tuple[Array, ...]
"""The arrays that a loss takes besides its parameters; empty if it needs none."""


def tree_leaves(x: Parameters) -> tuple[Array, ...]:
    """Return the arrays of `x`, one or more."""
    return x if isinstance(x, tuple) else (x,)


def tree_unflatten(x: Parameters, arrays: Sequence[Array]) -> Parameters:
    """Return the arrays in the form of `x`: the inverse of `tree_leaves`."""
    return tuple(arrays) if isinstance(x, tuple) else arrays[0]


def tree_map(function: Callable[..., Any], x: Parameters, *others: Parameters) -> Parameters:
    """Apply `function` to the array, or to each array of the tuple, and to the matching arrays of `others`."""
    if isinstance(x, tuple):
        return tuple(function(*arrays) for arrays in zip(x, *others, strict=True))
    return function(x, *others)
