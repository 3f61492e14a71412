"""HIPS autograd's own losses: every intermediate keeps the dtype of the case, where the common losses leave it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

import backends
import problems
from backends import Case
from bench.case.check import reference

core = pytest.importorskip("autograd.core")

from autograd.tracer import getval  # noqa: E402 (only where autograd is installed)

FOUND = backends.load(("autograd",)).backends
LOSSES = FOUND["autograd-losses"].losses
OPERATORS = ("gradient", "hvp", "jvp")


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Yield the dtypes of what autograd computes in the block: forward, backward, and along a direction."""
    dtypes: set[str] = set()

    def note(array: Any) -> None:
        dtypes.update(str(np.asarray(getval(leaf)).dtype) for leaf in problems.tree_leaves(getval(array)))

    def forward(make: Any) -> Any:
        def initialize(node: Any, value: Any, *others: Any) -> None:
            note(value)
            make(node, value, *others)
            if isinstance(node, core.JVPNode):
                note(node.g)

        return initialize

    def backward(add: Any) -> Any:
        def added(total: Any, cotangent: Any) -> Any:
            if not isinstance(cotangent, core.SparseObject):  # an adjoint of an index: its array came here before
                note(cotangent)
            return add(total, cotangent)

        return added

    with (
        patch.object(core.VJPNode, "__init__", forward(core.VJPNode.__init__)),
        patch.object(core.JVPNode, "__init__", forward(core.JVPNode.__init__)),
        patch.object(core, "add_outgrads", backward(core.add_outgrads)),
    ):
        yield dtypes


def dtypes_of(name: str, problem: str, operator: str, dtype: str = "float32") -> set[str]:
    """Return the dtypes of what this mode computes in a case, without indices and masks."""
    found = problems.load()[problem]
    case = replace(Case(operator, problem, name, 5, dtype, "cpu", 1), sizes=problems.sizes_text(found.sizes))
    arguments = reference.arguments(case, found)
    run = FOUND[name].compile(case, found, arguments[0], arguments[-1])
    with recorded() as dtypes:
        run(*arguments)
    return {dtype for dtype in dtypes if dtype.startswith("float")}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("problem", LOSSES)
def test_all_that_a_loss_of_its_own_computes_has_the_dtype_of_the_case(problem: str, operator: str) -> None:
    assert dtypes_of("autograd-losses", problem, operator) == {"float32"}


@pytest.mark.parametrize(
    ("problem", "operator"),
    [(problem, "gradient") for problem in ("attention", "gmm", "kmeans", "softmax_mlp")] + [("logistic", "hvp")],
)
def test_the_common_loss_is_computed_in_float64_in_part(problem: str, operator: str) -> None:
    """The control: this is why the mode has losses. Without it, the documents would say so for no reason."""
    assert dtypes_of("autograd", problem, operator) == {"float32", "float64"}
