"""The problems: mathematics alone, one file a problem, NumPy the only import.

A file of this folder that defines `PROBLEM` is a problem; there is no list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from problems.cost import step_bytes, step_flops
from problems.descent import descend, loop
from problems.operators import ALONG, OPERATORS, hand_derived
from problems.parameters import Array, Data, Parameters, tree_leaves, tree_map, tree_unflatten
from problems.problem import GradientInto, Problem, direction, instance
from problems.sizes import resized, sizes_text

__all__ = [
    "ALONG",
    "OPERATORS",
    "Array",
    "Data",
    "GradientInto",
    "Parameters",
    "Problem",
    "descend",
    "direction",
    "find",
    "hand_derived",
    "instance",
    "load",
    "loop",
    "resized",
    "sizes_text",
    "step_bytes",
    "step_flops",
    "tree_leaves",
    "tree_map",
    "tree_unflatten",
]


@cache
def load() -> dict[str, Problem]:
    """Return every problem of this folder, by name, in alphabetical order."""
    modules = (importlib.import_module(f"problems.{info.name}") for info in pkgutil.iter_modules(__path__))
    found = [module.PROBLEM for module in modules if hasattr(module, "PROBLEM")]
    return {problem.name: problem for problem in sorted(found, key=lambda problem: problem.name)}


def find(name: str, sizes: str = "") -> Problem:
    """Return the problem of that name, with the sizes that the text gives."""
    return resized(load()[name], sizes)
