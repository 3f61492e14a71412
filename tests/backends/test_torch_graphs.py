"""The torch modes for CUDA alone, as far as a machine without a GPU can hold them to their contract."""

from __future__ import annotations

from typing import Any

import pytest

import backends
import problems
from backends import Case, Stepwise
from bench.case.check import reference
from problems import sizes_text, tree_leaves
from tests.backends.test_contract import FOUND, require_contract
from tests.dealing import SHORTER

torch: Any = pytest.importorskip("torch")
from backends.parts.torch import builders as torch_builders  # noqa: E402 (torch may be missing)
from backends.parts.torch import compiled as torch_compiled  # noqa: E402 (likewise)
from backends.parts.torch.graphs import Replayed  # noqa: E402 (likewise)
from tests import fake_graph  # noqa: E402 (likewise)


def case_of(mode: str, problem: str) -> Case:
    """Return a descent by the mode, on the CPU, where it is not raced."""
    sizes = sizes_text({**problems.load()[problem].sizes, **SHORTER.get(problem, {})})
    return Case("descent", problem, mode, 7, "float32", "cpu", 3, sizes)


def built(case: Case) -> tuple[Any, Any, Any]:
    """Return the run of the case, its start and its data."""
    backend, problem = FOUND.backends[case.backend], problems.find(case.problem, case.sizes)
    x, data = backends.place(backend, case, *reference.arguments(case, problem))
    return backend.compile(case, problem, x, data), x, data


@pytest.mark.parametrize("problem", ["quadratic", "logistic", "kmeans", "softmax_mlp"])
def test_a_graph_is_replayed_from_any_start(monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    fake_graph.use(monkeypatch)
    case = case_of("torch-cudagraph", problem)
    require_contract(case, FOUND.backends[case.backend], problems.find(case.problem, case.sizes))


def test_a_replay_takes_other_data_and_leaves_what_it_has_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_graph.use(monkeypatch)
    case = case_of("torch-cudagraph", "logistic")
    run, x, data = built(case)
    assert isinstance(run, Replayed)
    first = run(x, data)
    kept, others = first.clone(), (data[0] + 1.0, data[1])
    assert not torch.equal(run(x, others), kept)
    torch.testing.assert_close(run(x, others), run.captured(x, others))
    assert torch.equal(first, kept)


def test_the_operations_of_a_graph_are_those_that_were_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_graph.use(monkeypatch)
    case = case_of("torch-cudagraph", "quadratic")
    run, x, data = built(case)
    (counts,) = FOUND.backends[case.backend].operations(case, problems.load()["quadratic"], run, (x, data)).values()
    assert counts["aten.sub_.Tensor"] == case.steps


def overwriting(marks: list[int]) -> Any:
    """Return a `torch.compile` whose programs, like CUDA graphs, return their own memory, and write it at each call.

    A program calls for a mark before each call: without it, torch may take the calls for one iteration.
    """

    def compile_(function: Any, *, mode: str, **_: Any) -> Any:
        assert mode == "reduce-overhead"
        held: list[Any] = []
        calls: list[int] = []

        def call(*arguments: Any) -> Any:
            calls.append(1)
            assert len(marks) == len(calls)
            assert not {id(array) for array in tree_leaves(arguments[0])} & set(map(id, held))
            result = function(*arguments)
            held[:] = held or [torch.clone(array) for array in tree_leaves(result)]
            for own, array in zip(held, tree_leaves(result), strict=True):
                own.copy_(array)
            return problems.tree_unflatten(result, held)

        return call

    return compile_


@pytest.mark.parametrize("problem", ["quadratic", "softmax_mlp"])
def test_a_step_with_reduced_overhead_is_copied_before_the_next(monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    marks: list[int] = []
    monkeypatch.setattr(torch, "compile", overwriting(marks))
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", lambda: marks.append(1))
    monkeypatch.setattr("backends.parts.torch.compiler.start", lambda _: None)
    run, x, data = built(case_of("torch-compile-reduce", problem))
    assert isinstance(run, Stepwise)
    assert len(marks) == torch_compiled.CAPTURING_CALLS
    first = tree_leaves(run(x, data))
    kept = [array.clone() for array in first]
    run(problems.tree_map(lambda array: array + 1.0, x), data)
    assert all(map(torch.equal, first, kept))
    expected = torch_builders.descent_grad(problems.load()[problem], case_of("torch-grad", problem), x, data)(x, data)
    for array, right in zip(first, tree_leaves(expected), strict=True):
        torch.testing.assert_close(array, right)


def test_how_an_optimizer_updates_is_chosen_for_the_device() -> None:
    case = case_of("torch-optim", "quadratic")
    there = Case(**{**vars(case), "device": "cuda"})
    assert torch_builders.optimizer_options(case, fused=False) == {"foreach": False}
    assert torch_builders.optimizer_options(there, fused=False) == {}
    assert torch_builders.optimizer_options(there, fused=True) == {"fused": True}


def test_modes_for_cuda_alone_refuse_the_cpu() -> None:
    assert {name for name, mode in FOUND.backends.items() if mode.known_devices == ("cuda",)} == {
        "torch-compile-reduce",
        "torch-cudagraph",
    }
