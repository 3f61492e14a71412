"""Nothing is measured twice: where two modes of a framework build the same program, the race has one row of it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import backends
from backends import Builder, Case, measured_operators
from bench import inventory
from bench.case.prepare import prepare, prepare_value
from problems import load as load_problems
from report.table.keys import framework

FOUND = backends.load()
QUADRATIC = load_problems()["quadratic"]


def made_of(builder: Builder) -> tuple[Hashable, ...]:
    """Return what a builder is made of: its code, and what it closes over. Equal ones build the same program."""
    function: Any = builder
    if isinstance(function, partial):
        return *made_of(function.func), *function.args, *sorted(function.keywords.items())
    return function.__code__, *(cell.cell_contents for cell in function.__closure__ or ())


def test_no_program_is_measured_in_two_modes() -> None:
    pairs = [pair for pair in combinations(FOUND.backends.values(), 2) if len({framework(at.name) for at in pair}) == 1]
    for one, other in pairs:
        shared = set(measured_operators(one)) & set(measured_operators(other))
        for operator in shared if one.losses == other.losses else ():
            assert made_of(one.builders[operator]) != made_of(other.builders[operator]), (one.name, other.name)


def test_modes_of_which_one_is_measured_build_the_same_program() -> None:
    same = [(mode, operator, name) for mode in FOUND.backends.values() for operator, name in mode.same_as.items()]
    for mode, operator, name in same:
        assert operator in measured_operators(FOUND.backends[name])
        assert made_of(mode.builders[operator]) == made_of(FOUND.backends[name].builders[operator])


def test_a_gradient_is_still_compared_with_a_value_that_another_mode_has_the_rows_of() -> None:
    name = "torch-func"
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing["torch"])
    backend = FOUND.backends[name]
    case = Case("value", "quadratic", name, 7, "float32", "cpu", 1)
    assert backend.unsupported(case, QUADRATIC) == "torch-func computes a value by the program of torch-grad: take that"
    assert "value" not in inventory.describe(backend).operators
    gradient = prepare(Case("gradient", "quadratic", name, 7, "float32", "cpu", 1), backend, QUADRATIC)
    call: Any = prepare_value(gradient)
    assert float(call()) == pytest.approx(float(QUADRATIC.loss(np, gradient.host[0], ())))
