"""PyTorch: its optimiser, its two ways to compute a gradient, and what its compiler and a CUDA graph make of them.

`torch-optim`      `loss.backward()` and `torch.optim.SGD`: the tutorial; its momentum, `Adam` and `LBFGS` too
`torch-grad`     `torch.autograd.grad`, and an update in place; its Hessian-vector product goes backward twice
                 (reverse over reverse), its forward mode takes dual numbers
`torch-func`     `torch.func.vjp`, in functions; its Hessian-vector product is forward over reverse
`torch-optim-fused`  `torch-optim` with `fused=True`: one kernel updates all parameters
`torch-compile-loss`  `torch-optim` with the loss compiled, forward and backward apart: the usual way to compile
`torch-compile-step`  one step by `torch.func.grad`, with its update in place, compiled; the loop stays in Python; its
                 Hessian-vector product is reverse over reverse
`torch-compile-loop`  all steps in one call: `torch.while_loop`, compiled. Compiling the unrolled descent instead takes
                 many minutes and gigabytes
`torch-compile-reduce`  on CUDA alone: one step compiled in `mode="reduce-overhead"`
`torch-cudagraph`  on CUDA alone: `torch-grad`, all of its steps captured in a CUDA graph
`torch-fused`    `torch.autograd.grad` of losses in torch's own functions, such as a fused cross-entropy; it runs only
                 the problems that have such a loss
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import torch

from backends import Backend, Builder, Case, Loss, Operations, Probes, Run, eager, precision
from backends.parts.torch import compiler as torch_compiler
from backends.parts.torch import operations as torch_operations
from backends.parts.torch.builders import (
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
from backends.parts.torch.compiled import (
    compiled,
    descent_compile,
    descent_loop,
    descent_reduce,
    with_compiled_loss,
)
from backends.parts.torch.compiled_updates import descent_compile_optimized
from backends.parts.torch.graphs import Replayed, descent_graph
from backends.parts.torch.losses import LOSSES, own_targets
from backends.parts.torch.optimizers import descent_lbfgs, descent_optimized
from problems import ADAM, LBFGS, MOMENTUM, PAIR, Array, Parameters, Problem, tree_map

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
    compilations=torch_compiler.compilations,
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
    same_as: Mapping[str, str] = field(default_factory=dict)
    in_default: bool = False
    writes: str = ""
    wins: str = ""
    known_devices: tuple[str, ...] = ("cpu", "cuda")

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
    probes = replace(PROBES, from_disk=torch_compiler.from_disk, empty_caches=torch_compiler.empty_caches)

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return torch_compiler.missing(case.device) or super().unsupported(case, problem)

    def warm_up(self, case: Case) -> None:
        super().warm_up(case)
        torch_compiler.start(case.device)
        # torch searches what it compiled for earlier cases at every call, and after eight of them it gives up.
        torch.compiler.reset()


class GraphMode(TorchMode):
    """A mode whose calls replay a CUDA graph. Its operations are those that were captured."""

    compiled = True

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        return torch_operations.eager(partial(run.captured if isinstance(run, Replayed) else run, *arguments))


FUNC = {"value": value, "gradient": gradient_func, PAIR: value_and_gradient_func, "hvp": hvp_func, "jvp": jvp_func}
VJP = {"gradient": gradient_vjp, PAIR: value_and_gradient_vjp}
EAGER = {operator: eager(derive) for operator, derive in (FUNC | VJP).items()}
# Inductor (torch 2.13, CPU) compiles forward over reverse of a gather to a wrong product, or fails (pytorch #160391).
COMPILED = {operator: compiled(derive) for operator, derive in (FUNC | {"hvp": hvp_reverse_over_reverse}).items()}
LOSS = {
    "value": compiled(value),
    "gradient": with_compiled_loss(gradient_backward, gradient_backward),
    PAIR: with_compiled_loss(value_and_gradient_backward, gradient_backward),
    "descent": with_compiled_loss(descent_sgd, gradient_backward),
}
VALUE = {"value": eager(value)}
SAME_VALUE = {"value": "torch-grad"}
"""A value is the loss itself, called without a gradient, whatever computes the gradient."""
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
        dict.fromkeys((MOMENTUM, ADAM), descent_optimized) | {LBFGS: descent_lbfgs},
        same_as=SAME_VALUE,
        in_default=True,
        writes="`loss.backward()` and `torch.optim.SGD`",
        wins="for models trained with `torch.optim`, as in torch tutorials",
    ),
    TorchMode(
        "torch-optim-fused",
        {"descent": partial(descent_sgd, fused=True)},
        dict.fromkeys((MOMENTUM, ADAM), partial(descent_optimized, fused=True)),
        writes="`loss.backward()` and `torch.optim.SGD(fused=True)`, or `Adam`",
        wins="for `Adam`; with SGD for many parameters on a GPU, and on the CPU never ahead of `torch-optim`",
    ),
    TorchMode(
        "torch-grad",
        VALUE | GRAD,
        in_default=True,
        writes="`torch.autograd.grad(loss, x)`, and an update in place",
        wins="the least overhead in torch without a compiler",
    ),
    TorchMode(
        "torch-func",
        EAGER | {"descent": descent_func},
        same_as=SAME_VALUE,
        writes="`torch.func.vjp`, in pure functions",
        wins="for transforms that compose, such as forward over reverse",
    ),
    CompiledMode(
        "torch-compile-loss",
        LOSS,
        dict.fromkeys((MOMENTUM, ADAM), with_compiled_loss(descent_optimized, gradient_backward)),
        same_as={"value": "torch-compile-step"},
        in_default=True,
        writes="`torch.compile(loss)`, `backward()` and `torch.optim.SGD`",
        wins="with `torch.optim` on large arrays; at 100 it takes longer than `torch-optim`, which compiles nothing",
    ),
    CompiledMode(
        "torch-compile-step",
        COMPILED | {"descent": descent_compile},
        dict.fromkeys((MOMENTUM, ADAM), descent_compile_optimized),
        in_default=True,
        writes="`torch.compile` of one step with its update; the loop in Python",
        wins="in torch only `torch-compile-loop` is as fast at 1,000,000; passes `numpy` between 10,000 and 1,000,000",
    ),
    CompiledMode(
        "torch-compile-loop",
        {"descent": descent_loop},
        known_devices=("cpu",),  # on a GPU, the condition would come back from it at each step
        writes="`torch.compile` of the whole descent, in `torch.while_loop`",
        wins="the fastest in torch up to 10,000; at 1,000,000 not separated from `torch-compile-step`",
    ),
    CompiledMode(
        "torch-compile-reduce",
        {"descent": descent_reduce},
        known_devices=("cuda",),
        writes='`torch.compile(mode="reduce-overhead")` of one step; the loop in Python',
        wins="not run yet: on CUDA, for steps that are shorter than their launch",
    ),
    GraphMode(
        "torch-cudagraph",
        {"descent": descent_graph},
        known_devices=("cuda",),
        writes="`torch.cuda.graph` of the whole descent of `torch-grad`",
        wins="not run yet: on CUDA, for steps that are shorter than their launch",
    ),
    TorchMode(
        "torch-fused",
        {operator: own_targets(builder) for operator, builder in (VALUE | GRAD).items()},
        losses=LOSSES,
        writes="`torch-grad` with torch's own losses, such as `cross_entropy`",
        wins="for losses that torch has fused functions for",
    ),
)
