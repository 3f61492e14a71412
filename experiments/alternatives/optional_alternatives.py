"""TensorFlow, CasADi and Numba: the same modes with other options of their compilers. They are here where installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeAlias
from unittest.mock import patch

from backends import Builder, Case, Run
from experiments.alternatives import Alternatives
from problems import Data, Parameters, Problem

Change: TypeAlias = Callable[[Any], AbstractContextManager[Any]]
"""`change(modes)` returns the context in which the modes of a framework, a module, are built otherwise."""


def changed(framework: str, mode: str, change: Change) -> Builder:
    """Return the builder of the mode's descent inside of `change`. What was compiled before and inside is forgotten."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        modes: Any = importlib.import_module(f"backends.{framework}_modes")
        own = next(each for each in modes.BACKENDS if each.name == mode)
        with own.probes.empty_caches(), change(modes):
            run: Run = own.builders["descent"](problem, case, x, data)
        with own.probes.empty_caches():
            return run

    return build


def numba_with(**options: Any) -> Change:
    """Compile by Numba with these options in place of the mode's."""
    return lambda modes: patch.object(modes, "jitted", modes.numba.njit(**options))


def to_c(modes: Any) -> AbstractContextManager[Any]:
    """Have CasADi write each function as C, and compile that with the system's compiler."""
    options, made = {"jit": True, "compiler": "shell"}, modes.casadi.Function
    return patch.object(modes.casadi, "Function", lambda name, inputs, outputs: made(name, inputs, outputs, options))


def without_autograph(modes: Any) -> AbstractContextManager[Any]:
    """Trace by TensorFlow without AutoGraph, which rewrites Python's loops and conditions."""
    return patch.object(modes.tf, "function", partial(modes.tf.function, autograph=False))


CHANGES: dict[str, dict[str, Change]] = {
    "numba": {
        "`fastmath=True`": numba_with(error_model="numpy", fastmath=True),
        "the default `error_model`": numba_with(),
    },
    "casadi": {"compiled as C (`jit`)": to_c},
    "tensorflow": {"without AutoGraph": without_autograph},
}

MODES = {
    "numba": ("numba-jit", "numba-loop"),
    "casadi": ("casadi-step", "casadi-loop", "casadi-sx"),
    "tensorflow": ("tensorflow-function", "tensorflow-xla", "tensorflow-loop"),
}
"""The modes that compile. `tensorflow-eager` compiles nothing: its other ways are the other modes."""

ALTERNATIVES: Alternatives = {
    mode: {"descent": {way: changed(framework, mode, change) for way, change in CHANGES[framework].items()}}
    for framework, modes in MODES.items()
    if importlib.util.find_spec(framework) is not None
    for mode in modes
}
