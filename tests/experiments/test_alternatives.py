"""The other ways to write a mode: each gives the right result, and the command prints its table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import backends
from bench.case import prepare
from problems import SGD, find

for framework in ("torch", "jax", "autograd"):
    pytest.importorskip(framework, reason="the experiment imports every framework")

from experiments.alternatives import __main__ as command  # noqa: E402 (it imports all of them)
from experiments.alternatives import autograd_alternatives  # noqa: E402 (likewise)
from tests.torch_compiler import without_kernels  # noqa: E402 (likewise)

FOUND = backends.load()
WAYS = [
    *(
        (mode, operator, "", "softmax_mlp" if mode == "torch-fused" else "quadratic", way)
        for mode, operators in command.ALTERNATIVES.items()
        for operator, ways in operators.items()
        for way in ways
    ),
    *(
        (mode, "descent", SGD, problem, way)
        for mode, losses in command.LOSSES.items()
        for problem, ways in losses.items()
        for way in ways
    ),
    *(
        (mode, "descent", optimizer, "quadratic", way)
        for mode, optimizers in command.OPTIMIZED.items()
        for optimizer, ways in optimizers.items()
        for way in ways
    ),
]


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # torch.func.linearize warns about itself
@pytest.mark.parametrize(("name", "operator", "optimizer", "problem", "way"), WAYS)
def test_another_way_gives_the_right_result(  # noqa: PLR0913, PLR0917 (what names a way)
    monkeypatch: pytest.MonkeyPatch, name: str, operator: str, optimizer: str, problem: str, way: str
) -> None:
    """The command itself times no way whose result is wrong, so torch's compiler is not held to account here."""
    without_kernels(monkeypatch)
    mode: Any = FOUND.backends[name]
    found, steps = find(problem), 10 if operator == "descent" else 1
    case = backends.Case(operator, problem, name, 7, "float32", "cpu", steps, optimizer=optimizer)
    if (refused := prepare.refusal(case, mode, found)) is not None:
        pytest.skip(refused[1])
    prepare.prepare(case, command.written(mode, case, command.ways(case)[way]), found)


@pytest.mark.parametrize("name", autograd_alternatives.LIBRARY)
def test_a_loss_in_functions_of_the_library_gives_the_right_result(name: str) -> None:
    mode: Any = FOUND.backends["autograd-losses"]
    for operator in ("gradient", "hvp"):
        builder = autograd_alternatives.with_library(mode.builders[operator])
        case = backends.Case(operator, name, mode.name, 7, "float32", "cpu", 1)
        prepare.prepare(case, replace(mode, builders={operator: builder}), find(name))


def test_the_command_prints_a_row_for_each_other_way(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ["--batch-size", "1", "10", "--repeats", "1", "--seconds", "0.001"]
    command.main(["--backend", "numpy", "numpy-inplace", "--operator", "descent", *quick])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[:2] == ["| operator | mode | other way | at 1 | at 10 |", "| --- | --- | --- | --- | --- |"]
    assert len(table[2:]) == len(command.ALTERNATIVES["numpy"]["descent"]) + len(
        command.ALTERNATIVES["numpy-inplace"]["descent"]
    )
    assert all(row.count(" [") == 2 for row in table[2:])
    assert commit.startswith("Measured on `quadratic` at commit ")


def test_a_way_that_raises_is_a_row_with_its_error() -> None:
    def build(*_: object) -> Any:
        raise ValueError("no\nsuch way")

    case = backends.Case("descent", "quadratic", "numpy", 1, "float32", "cpu", 1)
    row = command.Row(FOUND.backends["numpy"], case, "broken", build)
    assert command.ratio(row, 1, 0.001, 1) == "ValueError: no such way"
