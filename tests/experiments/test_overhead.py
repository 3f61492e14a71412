"""The overhead experiment: every mode of the default race has a hand-written descent, and the command runs."""

from __future__ import annotations

import numpy as np
import pytest

import backends
from problems import find, instance

for framework in ("torch", "jax", "autograd"):
    pytest.importorskip(framework, reason="the experiment imports every framework")

from experiments.overhead import __main__ as command  # noqa: E402 (it imports all of them)
from experiments.overhead import attention  # noqa: E402 (likewise)
from experiments.overhead.hand_written import DESCENTS, STEPS  # noqa: E402 (likewise)
from tests.torch_compiler import without_kernels  # noqa: E402 (likewise)

FOUND = backends.load().backends


@pytest.mark.parametrize("name", DESCENTS)
def test_a_hand_written_descent_ends_where_the_hand_derived_gradient_leads(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    without_kernels(monkeypatch)
    backend, problem = FOUND[name], find("quadratic")
    start, data = instance(problem, 3, "float32")
    case = backends.Case("descent", problem.name, name, 3, "float32", "cpu", STEPS)
    backend.warm_up(case)
    (x,) = backend.put((start,), case)
    end = backend.fetch(DESCENTS[name](start)(x), case)
    expected = start.astype("float64")
    for _ in range(STEPS):
        expected = expected - 0.1 * problem.gradient(expected, data)
    np.testing.assert_allclose(end, expected, rtol=1e-6)


def test_the_command_prints_a_row_for_each_backend_and_batch_size(capsys: pytest.CaptureFixture[str]) -> None:
    eager = ["numpy", "numpy-inplace", "autograd", "torch-optim", "torch-grad", "torch-func", "jax-loop"]
    command.main(["--backend", *eager, "--batch-size", "1", "10", "--repeats", "1", "--seconds", "0.001"])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| backend | batch size | µs a step | harness / hand |"
    assert [row.split(" | ")[0] for row in table[2:]] == [f"| `{name}`" for name in eager] * 2
    assert commit.startswith("Measured at commit ")


@pytest.mark.parametrize("name", attention.DESCENTS)
def test_a_hand_written_descent_on_the_attention_block_ends_where_the_harness_does(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    without_kernels(monkeypatch)  # both sides would compile the same step for seconds
    backend, problem = FOUND[name], attention.PROBLEM
    host, data = instance(problem, 2, "float32")
    case = backends.Case("descent", problem.name, name, 2, "float32", "cpu", problem.steps)
    backend.warm_up(case)
    arguments = backends.place(backend, case, host, data)
    by_hand = backend.fetch(attention.DESCENTS[name](host)(*arguments), case)
    harness = backend.fetch(backend.compile(case, problem, *arguments)(*arguments), case)
    for key, array in by_hand.items():
        np.testing.assert_allclose(harness[key], array, atol=1e-5)
