"""The problems: mathematics alone, one file for each problem, in NumPy.

A file of this folder that defines `PROBLEM` is a problem. There is no list to edit. A user's own file, anywhere, is one
too (`problems.files`).
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

from problems.cost import StepTraffic, step_bytes, step_flops, step_traffic
from problems.descent import descend, loop
from problems.faults import ProblemError, fault
from problems.files import ProblemFile, add, added, find_file, from_text, is_file, load_added
from problems.operators import ALONG, OPERATORS, PAIR, WRITES, hand_derived, result_of
from problems.optimizers import (
    ADAM,
    BETA2,
    DECAY,
    LBFGS,
    MOMENTS,
    MOMENTUM,
    OPTIMIZERS,
    SGD,
    Minimized,
    Moments,
    State,
    flatten,
    iterates,
    lbfgs,
    lbfgs_tolerance,
    lowest,
    optimized,
    unflatten_like,
    updated,
)
from problems.parameters import NODES, Array, Data, Parameters, form, structure, tree_leaves, tree_map, tree_unflatten
from problems.problem import GradientInto, NotDerivedError, Preset, Problem, direction, instance, no_loss
from problems.sizes import resized, sizes_text

__all__ = [
    "ADAM",
    "ALONG",
    "BETA2",
    "DECAY",
    "LBFGS",
    "MOMENTS",
    "MOMENTUM",
    "NODES",
    "OPERATORS",
    "OPTIMIZERS",
    "PAIR",
    "SGD",
    "WRITES",
    "Array",
    "Data",
    "GradientInto",
    "Minimized",
    "Moments",
    "NotDerivedError",
    "Parameters",
    "Preset",
    "Problem",
    "ProblemError",
    "ProblemFile",
    "State",
    "StepTraffic",
    "add",
    "added",
    "descend",
    "direction",
    "find",
    "find_file",
    "flatten",
    "form",
    "from_text",
    "hand_derived",
    "instance",
    "is_file",
    "iterates",
    "lbfgs",
    "lbfgs_tolerance",
    "load",
    "loop",
    "lowest",
    "modules",
    "no_loss",
    "optimized",
    "resized",
    "result_of",
    "sizes_text",
    "step_bytes",
    "step_flops",
    "step_traffic",
    "structure",
    "tree_leaves",
    "tree_map",
    "tree_unflatten",
    "unflatten_like",
    "updated",
]


@cache
def modules() -> dict[str, ModuleType]:
    """Return the module of every problem of this folder, by the problem's name, in alphabetical order.

    Raises `ProblemError` if a file cannot be imported, or if its `PROBLEM` is no problem.
    """
    found = dict(filter(None, (_named(info.name) for info in pkgutil.iter_modules(__path__))))
    return dict(sorted(found.items()))


def _named(file: str) -> tuple[str, ModuleType] | None:
    """Return the name of the problem in a file of this folder, and the file's module; `None` if it has no problem."""
    try:
        module = importlib.import_module(f"problems.{file}")
        return (module.PROBLEM.name, module) if hasattr(module, "PROBLEM") else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a file of a user may raise anything
        raise ProblemError(fault(error, Path(__file__).parent / f"{file}.py")) from error


@cache
def load() -> dict[str, Problem]:
    """Return every problem of this folder, by name, in alphabetical order. Raises `ProblemError` as `modules` does."""
    return {name: module.PROBLEM for name, module in modules().items()}


def find(name: str, sizes: str = "") -> Problem:
    """Return the problem of that name, with the sizes in the text (`problems.sizes_text` writes it).

    Raise `ProblemError` if it is that of a file, and the file has none, or raises.
    """
    return resized(load_added(name) if name in added() else load()[name], sizes)
