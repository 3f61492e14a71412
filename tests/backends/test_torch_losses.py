"""The losses of `torch-fused`: what the contract's small, ordinary cases do not meet."""

from __future__ import annotations

from collections import Counter

import pytest

import backends
from backends import Case
from bench.case.check import reference
from problems import PAIR, load, sizes_text

torch = pytest.importorskip("torch")

FUSED = backends.load().backends["torch-fused"]


def test_the_loss_of_a_huge_margin_is_finite_and_has_its_gradient() -> None:
    """A softplus that exponentiates −m overflows here, and its gradient is NaN."""
    case = Case(PAIR, "logistic", "torch-fused", 1, "float32", "cpu", 1)
    x, data = torch.tensor([1000.0, 0.0]), (torch.tensor([[1.0, 2.0]]), torch.tensor([-1.0]))
    value, gradient = FUSED.compile(case, load()["logistic"], x, data)(x, data)
    assert float(value) == 1000.0 + 0.005 * 1000.0**2
    assert gradient.tolist() == [1.0 + 0.01 * 1000.0, 2.0]


@pytest.mark.parametrize(
    ("name", "operation"), [("softmax_mlp", "aten.argmax.default"), ("logistic", "aten.add.Tensor")]
)
def test_a_descent_prepares_its_targets_once(name: str, operation: str) -> None:
    one, two = operations(name, steps=1), operations(name, steps=2)
    of_a_step = two[operation] - one[operation]
    assert one[operation] - of_a_step == 1
    assert two["aten.sub_.Tensor"] == 2 * one["aten.sub_.Tensor"]


def operations(name: str, steps: int) -> Counter[str]:
    problem = load()[name]
    case = Case("descent", name, "torch-fused", 7, "float32", "cpu", steps, sizes_text(problem.sizes))
    placed = backends.place(FUSED, case, *reference.arguments(case, problem))
    (counts,) = FUSED.operations(case, problem, FUSED.compile(case, problem, placed[0], placed[-1]), placed).values()
    return Counter(counts)
