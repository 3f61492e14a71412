"""Which cases the day's tests take, where all of them would take too long. `--every-dtype`, by night, takes all."""

from __future__ import annotations

from collections.abc import Mapping

import backends
from backends import Backend
from report.table.keys import framework

SHORTER = {"rnn": {"length": 3}}
"""Sizes that compile faster: a compiler unrolls the loop of `rnn`. In three steps the recurrent weight acts twice."""


def dealt(modes: Mapping[str, Backend], row: int, operator: str) -> str:
    """Return the mode that takes this operator of the problem in this row: the next problem has the next mode.

    So these modes of one framework take each operator of each problem once, and each mode takes each of its operators.
    A compiled mode has two turns where another has one: JAX's eager mode compiles each operation by itself, which takes
    longest. Modes with losses of their own are left out. Empty if no mode has the operator.
    """
    turns = [name for _ in range(2) for name, mode in modes.items() if mode.compiled]
    turns += [name for name, mode in modes.items() if not mode.compiled]
    having = [name for name in turns if operator in modes[name].builders and not modes[name].losses]
    return having[(row + backends.OPERATORS.index(operator)) % len(having)] if having else ""


def of_framework(modes: Mapping[str, Backend], name: str) -> dict[str, Backend]:
    """Return the modes of one framework."""
    return {mode: backend for mode, backend in modes.items() if framework(mode) == name}
