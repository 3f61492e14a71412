"""The operations of a program, as each framework reports them: those that the mathematics has."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

import backends
import problems
from backends import Case
from backends.parts.jax import operations as jax_operations
from backends.parts.torch import operations as torch_operations
from bench.case.check import reference
from problems import ADAM, LBFGS, SGD

FOUND = backends.load()
QUADRATIC = problems.load()["quadratic"]


def operations(
    name: str, operator: str = "descent", problem: str = "quadratic", optimizer: str = SGD
) -> Mapping[str, Mapping[str, int]]:
    """Return the operations of a descent of 3 steps, or of another operator."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[name.partition("-")[0]])
    found = problems.find(problem, problems.sizes_text(problems.load()[problem].sizes))
    sizes = problems.sizes_text(found.sizes)
    case = Case(operator, problem, name, 8, "float32", "cpu", 3 if operator == "descent" else 1, sizes, optimizer)
    backend = FOUND.backends[name]
    backend.warm_up(case)
    placed = backends.place(backend, case, *reference.arguments(case, found))
    return backend.operations(case, found, backend.compile(case, found, placed[0], placed[-1]), placed)


def test_numpy_counts_what_it_computes_from_the_arguments() -> None:
    (counts,) = operations("numpy").values()
    assert counts == {"numpy.multiply": 6, "numpy.subtract": 3, "numpy.add": 3}
    (counts,) = operations("numpy-inplace").values()
    assert counts == {"numpy.copyto": 1, "numpy.multiply": 6, "numpy.subtract": 6}
    (counts,) = operations("numpy", "gradient", "logistic").values()
    assert {"numpy.matmul", "numpy.exp"} <= counts.keys()


def test_autograd_counts_what_it_records() -> None:
    (counts,) = operations("autograd").values()
    assert counts == {"multiply": 6, "subtract": 3, "add": 3, "sum": 3}


def test_torch_counts_forward_and_backward() -> None:
    (counts,) = operations("torch-grad").values()
    assert counts["aten.sub_.Tensor"] == counts["aten.sum.default"] == counts["aten.neg.default"] == 3
    assert counts["aten.mul.Tensor"] > 6


def test_torch_counts_what_it_compiled_and_the_kernels_of_it() -> None:
    backend = FOUND.backends.get("torch-compile-step")
    case = Case("value", "quadratic", "torch-compile-step", 8, "float32", "cpu", 1, "")
    if backend is not None and (reason := backend.unsupported(case, QUADRATIC)):
        pytest.skip(reason)
    found = operations("torch-compile-step", "value")
    assert found[torch_operations.GRAPH]["aten.sum.default"] == 1
    ((kernel, count),) = found[torch_operations.KERNELS].items()
    assert kernel.startswith("cpp_fused_")
    assert "sum" in kernel
    assert count == 1


@pytest.mark.parametrize("name", ["jax-jit", "jax-grad", "jax-loop"])
def test_jax_counts_the_lowered_step_whether_it_is_jitted_or_not(name: str) -> None:
    found = operations(name)
    assert found["StableHLO"]["stablehlo.subtract"] == 1
    assert ("stablehlo.while" in found["StableHLO"]) == (name == "jax-loop")
    assert ("XLA, optimised" in found) == (name != "jax-grad")


@pytest.mark.parametrize("name", ["jax-jit", "jax-loop"])
def test_jax_counts_a_step_by_another_optimizer(name: str) -> None:
    """SciPy's search is Python, so of `lbfgs` the operations are those of the value and gradient."""
    pytest.importorskip("optax")
    assert "stablehlo.sqrt" in operations(name, optimizer=ADAM)["StableHLO"]
    if name == "jax-jit":
        assert "stablehlo.while" not in operations(name, optimizer=LBFGS)["XLA, optimised"]


def test_jax_without_jit_counts_the_gradient_and_not_the_loss() -> None:
    found = operations("jax-grad", "gradient")["StableHLO"]
    assert "stablehlo.reduce" not in found


def test_attributes_and_types_of_a_lowered_program_are_no_operations() -> None:
    text = """
      sdy.mesh @empty = <[]> {stablehlo.mesh = {axes = []}}
      %0 = stablehlo.compare GE, %2, %4 : (tensor<10xf32>) -> tensor<10xi1>
      %1 = "stablehlo.gather"(%0) <{numbers = #stablehlo.gather<offset = [0]>}> : !stablehlo.token
      %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [0]
      %3 = func.call @clip(%2) : (tensor<f32>) -> tensor<f32>
      %4 = call @clip_0(%2) : (tensor<f32>) -> tensor<f32>
    """
    found = jax_operations.STABLEHLO.findall(text)
    assert found == ["stablehlo.compare", "stablehlo.gather", "stablehlo.reduce", "stablehlo.add"]


def test_instructions_of_a_compiled_program_are_found_in_its_text() -> None:
    text = """
%fused (p: f32[16], q: (f32[1], s32[])) -> f32[16] {
  %p = f32[16]{0} parameter(0)
  %pair.1 = (f32[1]{0}, /*index=1*/s32[]) custom-call(%p), custom_call_target="x"
  ROOT %sub.0 = f32[16]{0} subtract(%p, %mul.0), metadata={op_name="jit(f)/sub"}
}
"""
    assert jax_operations.HLO.findall(text) == ["parameter", "custom-call", "subtract"]


def test_calls_of_kernels_are_found_in_what_inductor_writes() -> None:
    text = """
cpp_fused_mul_0 = async_compile.cpp_pybinding(['float*'], '''
    auto tmp0 = at::vec::Vectorized<float>::loadu(in_ptr0);
''')
        buf0 = empty_strided_cpu((10, ), (1, ), torch.float32)
        cpp_fused_mul_0(arg0_1, buf0)
        extern_kernels.mm(buf0, arg1_1, out=buf1)
        triton_poi_fused_add_12.run(buf0, 16, stream=stream0)
        buf2 = torch.ops.aten.sort.default(buf1)
"""
    names = [re.sub(r"_\d+$", "", name) for name in torch_operations.KERNEL.findall(text)]
    assert names == ["cpp_fused_mul", "extern_kernels.mm", "triton_poi_fused_add", "torch.ops.aten.sort"]
