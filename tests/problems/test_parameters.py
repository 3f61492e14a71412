"""Nested parameters: their leaves, and what a start and data may be made of."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import problems
from problems import Problem, instance, structure, tree_leaves, tree_map, tree_unflatten
from tests.nested import NESTED, Head

TREES = {
    "array": 1,
    "flat": (1, 2),
    "list": [1, [2, 3]],
    "named": Head(1, 2),
    "dict": {"b": 2, "a": (1,)},
    "ordered": OrderedDict(b=1, a=2),
    "deep": {"b": ({"y": 4, "x": [3]},), "a": [(1,), Head(2, {})]},
}
"""Trees whose leaves are numbered in their order."""


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_the_leaves_come_in_one_order_and_keep_their_nesting(tree: Any) -> None:
    leaves = tree_leaves(tree)
    assert leaves == tuple(range(1, 1 + len(leaves)))
    again = tree_unflatten(tree, leaves)
    assert again == tree
    assert structure(again) == structure(tree)
    doubled = tree_map(lambda leaf, other: leaf + other, tree, tree)
    assert (type(doubled), tree_leaves(doubled)) == (type(tree), tuple(2 * leaf for leaf in leaves))


@pytest.mark.parametrize("module", ["jax.tree_util", "torch.utils._pytree"])
def test_what_a_framework_returns_has_its_leaves_in_the_same_order(module: str) -> None:
    """torch walks through a dict in the order in which its keys were inserted, which shows in no result."""
    framework, tree = pytest.importorskip(module), TREES["deep"]
    moved = framework.tree_map(lambda leaf: -leaf, tree)
    assert structure(moved) == structure(tree)
    assert tree_leaves(moved) == tuple(-leaf for leaf in tree_leaves(tree))


def drawn(x: Any, data: Any = (), dtype: str = "float32") -> Any:
    return instance(replace(problems.load()["quadratic"], draw=lambda _rng, _batch_size: (x, data)), 1, dtype)


def test_numbers_become_arrays_without_axes_and_floats_are_rounded() -> None:
    data = (np.ones(2, "float16"), np.arange(3), np.array([True]), 2.5, 3)
    x, arrays = drawn([1.5, {"w": np.ones((2, 2)).T[:1]}], data)
    assert [(leaf.shape, leaf.dtype) for leaf in tree_leaves(x)] == [((), "float32"), ((1, 2), "float32")]
    assert [array.dtype for array in arrays] == ["float32", "int64", "bool", "float32", "int64"]
    assert not any(array.flags.writeable for array in (*tree_leaves(x), *arrays))


def test_arrays_that_a_draw_returns_stay_writeable() -> None:
    own = np.ones(2)
    drawn({"w": own}, (own,), "float64")
    own[:] = 2.0


@pytest.mark.parametrize(
    ("x", "data", "message"),
    [
        ({"head": {"name": "x"}}, (), r"draw: parameters\['head'\]\['name'\] is a str, not an array"),
        ([1.0, Head(None, 1.0)], (), r"draw: parameters\[1\].shift is a NoneType, not an array"),
        ({"a": deque([1.0])}, (), r"draw: parameters\['a'\] is a deque, not an array"),
        ((np.ones(2), np.arange(2)), (), r"draw: parameters\[1\] has dtype int64: only floats can be descended"),
        (True, (), "draw: parameters has dtype bool: only floats can be descended"),
        ({"a": []}, (), "draw: there are no parameters"),
        (1.0, [np.ones(2)], "draw: data is a list, not a tuple of arrays"),
        (1.0, (np.ones(2), {"a": 1.0}), r"draw: data\[1\] is a dict, not an array"),
        (1.0, (np.array(["a"]),), r"draw: data\[0\] has dtype <U1: data are floats, integers or booleans"),
    ],
)
def test_what_is_no_array_is_named_with_its_path(x: Any, data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        drawn(x, data)


@pytest.mark.parametrize("problem", NESTED.values(), ids=NESTED)
def test_a_direction_is_nested_like_the_parameters(problem: Problem) -> None:
    x, _ = instance(problem, 5, "float32")
    v = problems.direction(problem, 5, x)
    assert structure(v) == structure(x)
    assert [(leaf.shape, leaf.dtype) for leaf in tree_leaves(v)] == [(leaf.shape, "float32") for leaf in tree_leaves(x)]
