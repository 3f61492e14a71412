"""What the modes of torch's compiler compile: C++ of a loop and of a loss, each once."""

from __future__ import annotations

from typing import Any

import pytest

import backends
from backends import Backend, Case
from bench.case import prepare
from bench.case.check import reference
from problems import find
from tests.backends.test_contract import FOUND

torch: Any = pytest.importorskip("torch")
from backends.parts.torch import builders as torch_builders  # noqa: E402 (torch may be missing)
from backends.parts.torch import compiler as torch_compiler  # noqa: E402 (likewise)

QUADRATIC = find("quadratic")


def placed(mode: str) -> tuple[Backend, Case, Any]:
    """Return the mode, a descent of 20 steps, and its start, where the compiler has forgotten everything."""
    backend, case = FOUND.backends[mode], Case("descent", "quadratic", mode, 7, "float32", "cpu", 20)
    if refused := prepare.refusal(case, backend, QUADRATIC):
        pytest.skip(refused.reason)
    backend.warm_up(case)
    torch._dynamo.utils.counters.clear()
    return backend, case, backends.place(backend, case, *reference.arguments(case, QUADRATIC))[0]


def descended(case: Case, x: Any) -> Any:
    """Return the end of the descent without a compiler."""
    return torch_builders.descent_grad(QUADRATIC, case, x, ())(x, ())


def test_a_loop_is_one_program_for_descents_of_any_length() -> None:
    backend, case, x = placed("torch-compile-loop")
    run: Any = backend.compile(case, QUADRATIC, x, ())
    compiled = torch_compiler.compilations()
    assert compiled > 0
    torch.testing.assert_close(run(x, ()), descended(case, x))
    torch.testing.assert_close(run.__wrapped__.func(torch.tensor(1), x), x - 0.1 * (2.0 * x - 2.0))
    assert torch_compiler.compilations() == compiled


def test_a_loss_is_compiled_before_its_descent_and_not_in_it() -> None:
    backend, case, x = placed("torch-compile-loss")
    run = backend.compile(case, QUADRATIC, x, ())
    compiled = torch_compiler.compilations()
    assert compiled > 0
    torch.testing.assert_close(run(x, ()), descended(case, x))
    assert torch_compiler.compilations() == compiled
