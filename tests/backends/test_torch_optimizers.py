"""Descents by torch's optimizers: what the contract of a backend does not see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import backends
from backends import Case, Optimized
from bench.case import prepare
from bench.case.check import reference
from problems import ADAM, LBFGS, MOMENTS, MOMENTUM, Array, Parameters, load, sizes_text

torch = pytest.importorskip("torch")

FOUND = backends.load()


def case(name: str, optimizer: str, problem: str = "logistic", steps: int = 4, dtype: str = "float64") -> Case:
    sizes = sizes_text(load()[problem].sizes)
    return Case("descent", problem, name, 7, dtype, "cpu", steps, sizes, optimizer)


@pytest.mark.parametrize("optimizer", [MOMENTUM, ADAM])
def test_a_parameter_that_the_loss_does_not_use_keeps_its_place_and_its_moments_decay(optimizer: str) -> None:
    """torch's optimizer leaves it out; from the state that the check draws, the reference moves it."""

    def half(x: Parameters, data: Any) -> Array:
        return 0.5 * (x[0] * x[0]).sum()

    used = replace(load()["quadratic"], name="half", losses={"torch": half}, rate=0.1)
    x = (torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64))
    run = FOUND.backends["torch-optim"].compile(case("torch-optim", optimizer), used, x, ())
    assert isinstance(run, Optimized)
    assert run(x, ())[1].tolist() == [1.0, 1.0]
    moments = tuple(tuple(torch.ones(2, dtype=torch.float64) for _ in x) for _ in range(2 if optimizer == ADAM else 1))
    (_, moved), after = run.update(x, moments, 3, ())
    assert [float(moment[1][0]) for moment in after] == pytest.approx([0.9, 0.999][: len(after)])
    assert moved[0] < 1.0


def test_lbfgs_ends_where_the_gradient_is_small_and_not_before() -> None:
    calls = []

    def counted(x: Array, data: Any) -> Array:
        calls.append(1)
        return ((x - 1.0) ** 2).sum()

    problem = replace(load()["quadratic"], losses={"torch": counted})
    run = FOUND.backends["torch-optim"].compile(
        case("torch-optim", LBFGS, "quadratic", 100), problem, torch.zeros(7, dtype=torch.float64), ()
    )
    calls.clear()
    assert run(torch.zeros(7, dtype=torch.float64), ()).tolist() == pytest.approx([1.0] * 7, abs=1e-7)
    assert len(calls) < 10
    far = torch.full((7,), 1e6, dtype=torch.float64)
    assert run(far, ()).tolist() == pytest.approx([1.0] * 7, abs=1e-7)


@pytest.mark.parametrize(("optimizer", "dtype"), [(MOMENTUM, "float32"), (ADAM, "float64")])
def test_no_step_of_a_compiled_descent_compiles_again(optimizer: str, dtype: str) -> None:
    """The number of the step is in the program's arguments. The check's step from a drawn state is the same program."""
    mode, problem = FOUND.backends["torch-compile-step"], load()["least_squares"]
    asked = case(mode.name, optimizer, "least_squares", dtype=dtype)
    if (refused := prepare.refusal(asked, mode, problem)) is not None:
        pytest.skip(refused.reason)
    mode.warm_up(asked)
    x, data = backends.place(mode, asked, *reference.arguments(asked, problem))
    count = mode.probes.compilations
    assert count is not None
    before = count()
    run = mode.compile(asked, problem, x, data)
    assert isinstance(run, Optimized)
    compiled = count()
    run(x, data)
    run.update(x, (x,) * MOMENTS[optimizer], 3, data)
    longer = backends.lengthened(run, 20)
    assert longer is not None
    longer(x, data)
    assert before < compiled == count()
