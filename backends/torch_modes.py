"""PyTorch: its optimiser, its two ways to compute a gradient, and a compiled step.

`torch-sgd`      `loss.backward()` and `torch.optim.SGD`: the tutorial
`torch-grad`     `torch.autograd.grad`, and an update in place; its Hessian-vector product goes backward twice
                 (reverse over reverse), its forward mode takes dual numbers
`torch-func`     `torch.func.vjp`, in functions; its Hessian-vector product is forward over reverse
`torch-compile`  one step by `torch.func.grad`, with its update in place, compiled; the loop stays in Python, since
                 compiling the unrolled descent takes many minutes and gigabytes; its Hessian-vector product is
                 reverse over reverse
`torch-fused`    `torch.autograd.grad` of losses in torch's own functions, such as a fused cross-entropy; it runs only
                 the problems that have such a loss
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch

from backends import Backend, Builder, Case, Loss, Probes, eager
from backends.torch_builders import (
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
    wait,
)
from backends.torch_losses import LOSSES
from problems import Array, Parameters, Problem, tree_map


@cache
def _start_compiler(device: str) -> None:
    """Import the compiler, probe the processor and build its headers: seconds that a process pays once."""
    torch.compile(torch.sin, dynamic=False)(torch.ones(1, device=device))


def _empty_caches() -> AbstractContextManager[None]:
    from torch._inductor.utils import fresh_inductor_cache  # noqa: PLC0415 (it imports the compiler: seconds)

    caches: AbstractContextManager[None] = fresh_inductor_cache()
    return caches


def _missing_compiler() -> str | None:
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler):
        return None
    return f"torch.compile needs a C++ compiler at run time, and there is no '{compiler}'; install g++, or set CXX"


def _compilations() -> int:
    # Importing the compiler takes seconds. If nobody has imported it, nothing has been compiled.
    compiler = sys.modules.get("torch._dynamo.utils")
    return 0 if compiler is None else sum(compiler.counters["frames"].values())


PRECISIONS = {"highest": "float32", "high": "tf32", "medium": "bfloat16"}
"""The precision of products of float32 arrays, by the name that torch has for it."""

PROBES = Probes(
    compilations=_compilations,
    precision=lambda _: PRECISIONS[torch.get_float32_matmul_precision()],
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
        wait(torch.ones(1, device=case.device).requires_grad_().sum())

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        placed = tuple(torch.tensor(array, device=case.device) for array in arrays)
        for tensor in placed:
            wait(tensor)
        return placed

    def wait(self, result: Parameters) -> None:
        wait(result)

    def fetch(self, result: Parameters) -> Any:
        return tree_map(lambda array: array.detach().cpu().numpy(), result)


class CompiledMode(TorchMode):
    """A mode that needs torch's compiler."""

    probes = replace(PROBES, empty_caches=_empty_caches)

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return _missing_compiler() or super().unsupported(case, problem)

    def warm_up(self, case: Case) -> None:
        super().warm_up(case)
        _start_compiler(case.device)
        # torch searches what it compiled for earlier cases at every call, and after eight of them it gives up.
        torch.compiler.reset()


FUNC = {"value": value, "gradient": gradient_func, "hvp": hvp_func, "jvp": jvp_func}
EAGER = {operator: eager(derive) for operator, derive in (FUNC | {"gradient": gradient_vjp}).items()}
# Inductor (torch 2.13, CPU) compiles forward over reverse of a gather to a wrong product, or fails (pytorch #160391).
COMPILED = {operator: compiled(derive) for operator, derive in (FUNC | {"hvp": hvp_reverse_over_reverse}).items()}
VALUE = {"value": eager(value)}
GRAD = {"gradient": gradient_grad, "descent": descent_grad, "hvp": hvp_grad, "jvp": jvp_dual}

BACKENDS = (
    TorchMode(
        "torch-sgd",
        VALUE | {"gradient": gradient_backward, "descent": descent_sgd},
        writes="`loss.backward()` and `torch.optim.SGD`",
        wins="for models that train with `torch.optim`; the tutorial's own",
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
        "torch-compile",
        COMPILED | {"descent": descent_compile},
        writes="`torch.compile` of one step; the loop in Python",
        wins="the fastest of torch; passes `numpy` between 10,000 and 1,000,000",
    ),
    TorchMode(
        "torch-fused",
        VALUE | GRAD,
        losses=LOSSES,
        writes="`torch-grad` with torch's own losses, such as `cross_entropy`",
        wins="for losses that torch has fused functions for",
    ),
)
