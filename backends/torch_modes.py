"""PyTorch: its optimiser, its two ways to compute a gradient, and a compiled step.

`torch-optim`      `loss.backward()` and `torch.optim.SGD`: the tutorial; its momentum, `Adam` and `LBFGS` too
`torch-grad`     `torch.autograd.grad`, and an update in place; its Hessian-vector product goes backward twice
                 (reverse over reverse), its forward mode takes dual numbers
`torch-func`     `torch.func.vjp`, in functions; its Hessian-vector product is forward over reverse
`torch-compile-step`  one step by `torch.func.grad`, with its update in place, compiled; the loop stays in Python, since
                 compiling the unrolled descent takes many minutes and gigabytes; its Hessian-vector product is
                 reverse over reverse
`torch-fused`    `torch.autograd.grad` of losses in torch's own functions, such as a fused cross-entropy; it runs only
                 the problems that have such a loss
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import torch

from backends import Backend, Builder, Case, Loss, Operations, Probes, Run, eager, precision
from backends.parts import torch_operations
from backends.parts.torch_builders import (
    compiled,
    descent_compile,
    descent_func,
    descent_grad,
    descent_sgd,
    gradient_backward,
    gradient_func,
    gradient_grad,
    gradient_vjp,
    hvp_func,
    hvp_grad,
    hvp_reverse_over_reverse,
    jvp_dual,
    jvp_func,
    value,
    value_and_gradient_backward,
    value_and_gradient_func,
    value_and_gradient_grad,
    value_and_gradient_vjp,
    wait,
)
from backends.parts.torch_compiled_updates import descent_compile_optimized
from backends.parts.torch_losses import LOSSES, own_targets
from backends.parts.torch_optimizers import descent_lbfgs, descent_optimized
from problems import ADAM, LBFGS, MOMENTUM, PAIR, Array, Parameters, Problem, tree_map


@cache
def _start_compiler(device: str) -> None:
    """Import the compiler, probe the processor and build its headers: seconds that a process pays once."""
    torch.compile(torch.sin, dynamic=False)(torch.ones(1, device=device))


def _empty_caches() -> AbstractContextManager[None]:
    from torch._inductor.utils import fresh_inductor_cache  # noqa: PLC0415 (it imports the compiler: seconds)

    caches: AbstractContextManager[None] = fresh_inductor_cache()
    return caches


def _missing_compiler(device: str) -> str | None:
    """Return why torch cannot compile for the device; `None` if it can.

    For a CPU it writes C++. For a GPU it writes Triton, whose launcher is C: Triton takes CC, or else gcc or clang.
    """
    if device == "cpu":
        compiler = os.environ.get("CXX", "g++")
        if shutil.which(compiler):
            return None
        return f"torch.compile needs a C++ compiler at run time, and there is no '{compiler}'; install g++, or set CXX"
    if importlib.util.find_spec("triton") is None:
        return "torch.compile needs Triton for a GPU; install a torch that is built for CUDA"
    compilers = [os.environ["CC"]] if "CC" in os.environ else ["gcc", "clang"]
    if any(map(shutil.which, compilers)):
        return None
    return f"torch.compile needs a C compiler at run time, and there is no {' or '.join(compilers)}; install gcc"


def _compilations() -> int:
    # Importing the compiler takes seconds. If nobody has imported it, nothing has been compiled.
    compiler = sys.modules.get("torch._dynamo.utils")
    return 0 if compiler is None else int(compiler.counters["stats"]["unique_graphs"])  # "frames" leaves out fullgraph


PRECISIONS = {"float32": "highest", "tf32": "high", "bfloat16": "medium"}
"""torch's name of each precision. On a GPU, its `medium` may still compute in TF32."""


def set_precision(device: str) -> None:
    """Multiply float32 arrays on `device` in the precision that was asked for. It holds for the whole process.

    cuDNN, which computes torch's recurrent layers, has a switch of its own. By default it rounds to TF32.
    """
    wanted = precision.asked(device)
    torch.set_float32_matmul_precision(PRECISIONS[wanted])
    torch.backends.cudnn.allow_tf32 = wanted != "float32"


def _precision(device: str) -> str:
    return "float32" if device == "cpu" else _measured_precision(device, precision.asked(device))


@cache
def _measured_precision(device: str, _asked: str) -> str:
    set_precision(device)
    return precision.measured(
        lambda a, b: (torch.tensor(a, device=device) @ torch.tensor(b, device=device)).cpu().numpy()
    )


PROBES = Probes(
    compilations=_compilations,
    precision=_precision,
    cuda_version=lambda: torch.version.cuda or "",
    threads=torch.get_num_threads,
    copied=torch.clone,
    updated=lambda array: array.add_(1.0),
    held_bytes=torch.cuda.memory_allocated,
    peak_bytes=torch.cuda.max_memory_allocated,
    reset_peak=torch.cuda.reset_peak_memory_stats,
)


@dataclass(frozen=True)
class TorchMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    optimizers: Mapping[str, Builder] = field(default_factory=dict)
    losses: Mapping[str, Loss] = field(default_factory=dict)
    writes: str = ""
    wins: str = ""

    known_devices = ("cpu", "cuda")
    probes = PROBES

    def version(self) -> str:
        return torch.__version__

    def missing_device(self, device: str) -> str | None:
        if device == "cpu" or torch.cuda.is_available():
            return None
        return "torch finds no CUDA device" if torch.version.cuda else f"torch {self.version()} is built without CUDA"

    def warm_up(self, case: Case) -> None:
        if case.device == "cuda":
            torch.cuda.empty_cache()  # what the case before has freed, torch would keep
        torch.ones(1, device=case.device).requires_grad_().sum()
        wait(case)

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        set_precision(case.device)
        placed = tuple(torch.tensor(array, device=case.device) for array in arrays)
        wait(case)
        return placed

    def wait(self, result: Parameters, case: Case) -> None:
        wait(case)

    def fetch(self, result: Parameters, case: Case) -> Any:
        return tree_map(lambda array: array.detach().cpu().numpy(), result)

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        count = torch_operations.compiled if self.compiled else torch_operations.eager
        return count(partial(run, *arguments))


class CompiledMode(TorchMode):
    """A mode that needs torch's compiler."""

    compiled = True
    probes = replace(PROBES, empty_caches=_empty_caches)

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return _missing_compiler(case.device) or super().unsupported(case, problem)

    def warm_up(self, case: Case) -> None:
        super().warm_up(case)
        _start_compiler(case.device)
        # torch searches what it compiled for earlier cases at every call, and after eight of them it gives up.
        torch.compiler.reset()


FUNC = {"value": value, "gradient": gradient_func, PAIR: value_and_gradient_func, "hvp": hvp_func, "jvp": jvp_func}
VJP = {"gradient": gradient_vjp, PAIR: value_and_gradient_vjp}
EAGER = {operator: eager(derive) for operator, derive in (FUNC | VJP).items()}
# Inductor (torch 2.13, CPU) compiles forward over reverse of a gather to a wrong product, or fails (pytorch #160391).
COMPILED = {operator: compiled(derive) for operator, derive in (FUNC | {"hvp": hvp_reverse_over_reverse}).items()}
VALUE = {"value": eager(value)}
GRAD = {
    "gradient": gradient_grad,
    PAIR: value_and_gradient_grad,
    "descent": descent_grad,
    "hvp": hvp_grad,
    "jvp": jvp_dual,
}

BACKENDS = (
    TorchMode(
        "torch-optim",
        VALUE | {"gradient": gradient_backward, PAIR: value_and_gradient_backward, "descent": descent_sgd},
        {MOMENTUM: descent_optimized, ADAM: descent_optimized, LBFGS: descent_lbfgs},
        writes="`loss.backward()` and `torch.optim.SGD`",
        wins="for models trained with `torch.optim`, as in torch tutorials",
    ),
    TorchMode(
        "torch-grad",
        VALUE | GRAD,
        writes="`torch.autograd.grad(loss, x)`, and an update in place",
        wins="the least overhead in torch without a compiler",
    ),
    TorchMode(
        "torch-func",
        EAGER | {"descent": descent_func},
        writes="`torch.func.vjp`, in pure functions",
        wins="for transforms that compose, such as forward over reverse",
    ),
    CompiledMode(
        "torch-compile-step",
        COMPILED | {"descent": descent_compile},
        {MOMENTUM: descent_compile_optimized, ADAM: descent_compile_optimized},
        writes="`torch.compile` of one step; the loop in Python",
        wins="the fastest in torch; passes `numpy` between 10,000 and 1,000,000",
    ),
    TorchMode(
        "torch-fused",
        {operator: own_targets(builder) for operator, builder in (VALUE | GRAD).items()},
        losses=LOSSES,
        writes="`torch-grad` with torch's own losses, such as `cross_entropy`",
        wins="for losses that torch has fused functions for",
    ),
)
