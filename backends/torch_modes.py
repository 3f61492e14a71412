"""PyTorch: its optimiser, its two ways to a gradient, and a compiled step.

`torch-sgd`      `loss.backward()` and `torch.optim.SGD`: the tutorial
`torch-grad`     `torch.autograd.grad`, and an update in place; its Hessian-vector product goes backward twice
                 (reverse over reverse), its forward mode takes dual numbers
`torch-func`     `torch.func.vjp`, in functions; its Hessian-vector product is forward over reverse
`torch-compile`  one step by `torch.func.grad`, with its update in place, compiled; the loop stays in Python, since
                 compiling the unrolled descent takes many minutes and gigabytes; its Hessian-vector product is
                 reverse over reverse
`torch-fused`    `torch.autograd.grad` of losses in torch's own functions, where it has some (a fused cross-entropy)
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, ClassVar

import torch
from torch.autograd import forward_ad

from backends.base import (
    Builder,
    Case,
    Flat,
    Loss,
    Run,
    Stepwise,
    eager,
    examples,
    in_own_words,
    missing_loss,
    missing_operator,
    spread,
)
from backends.probes import Probes
from backends.torch_idioms import LOSSES
from problems import Array, Data, Parameters, Problem, tree_leaves, tree_map, tree_unflatten


def value(problem: Problem) -> Flat:
    """The loss; of tensors that ask for no gradient, it tapes nothing."""
    return lambda x, *data: problem.loss(torch, x, data)


def gradient_func(problem: Problem) -> Flat:
    return torch.func.grad(value(problem))


def gradient_vjp(problem: Problem) -> Flat:
    """The same by `vjp`: operation by operation it costs less a call than `grad` (`experiments.idioms`)."""
    loss = value(problem)

    def slope(x: Parameters, *data: Array) -> Parameters:
        reached, back = torch.func.vjp(lambda x: loss(x, *data), x)
        (down,) = back(torch.ones_like(reached))
        return down

    return slope


def jvp_func(problem: Problem) -> Flat:
    return _along(value(problem))


def hvp_func(problem: Problem) -> Flat:
    return _along(gradient_func(problem))


def hvp_reverse_over_reverse(problem: Problem) -> Flat:
    slope = gradient_func(problem)

    def product(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        (back,) = torch.func.vjp(lambda x: slope(x, *data), x)[1](v)
        return back

    return product


def _along(function: Flat) -> Flat:
    """Return the derivative of `function` along a direction, by forward mode."""
    return lambda x, v, *data: torch.func.jvp(lambda x: function(x, *data), (x,), (v,))[1]


def compiled(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of the same operator, compiled for the case."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(_compiled(derive(problem), *examples(case.operator, x, data)), case.operator)

    return build


def gradient_backward(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(_leaf, x)
        problem.loss(torch, leaf, data).backward()
        return tree_map(_slope_of, leaf)

    return run


def descent_sgd(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps
    # On the CPU torch comes to the same by itself, at each step: a tenth of a small one.
    foreach = False if case.device == "cpu" else None

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(_fresh_leaf, x)
        optimizer = torch.optim.SGD(tree_leaves(leaf), lr=rate, foreach=foreach)
        for _ in range(steps):
            optimizer.zero_grad()
            loss(torch, leaf, data).backward()
            optimizer.step()
        return tree_map(torch.detach, leaf)

    return run


def gradient_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(_leaf, x)
        return tree_unflatten(x, torch.autograd.grad(problem.loss(torch, leaf, data), leaf))

    return run


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = tree_map(_fresh_leaf, x)
        positions = [array.detach() for array in tree_leaves(leaf)]  # they share the leaves' memory, outside the graph
        for _ in range(steps):
            slopes = torch.autograd.grad(loss(torch, leaf, data), leaf)
            for position, slope in zip(positions, slopes, strict=True):
                position.sub_(slope, alpha=rate)
        return tree_unflatten(x, positions)

    return run


def jvp_dual(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, v: Parameters, data: Data) -> Array:
        with forward_ad.dual_level():
            dual = tree_map(forward_ad.make_dual, x, v)
            return forward_ad.unpack_dual(problem.loss(torch, dual, data)).tangent

    return run


def hvp_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        leaf = tree_map(_leaf, x)
        slopes = torch.autograd.grad(problem.loss(torch, leaf, data), leaf, create_graph=True)
        return tree_unflatten(x, torch.autograd.grad(slopes, leaf, tree_leaves(v)))

    return run


def descent_func(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    slope, update = gradient_vjp(problem), partial(torch.sub, alpha=problem.rate_at(x, data))
    return Stepwise(lambda x, *data: tree_map(update, x, slope(x, *data)), case.steps)


def descent_compile(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    slope, rate, copied = gradient_func(problem), problem.rate_at(x, data), partial(tree_map, torch.clone)

    def move(x: Parameters, *data: Array) -> None:
        for position, down in zip(tree_leaves(x), tree_leaves(slope(x, *data)), strict=True):
            position.sub_(down, alpha=rate)

    run = _compiled(move, copied(x), *data)

    def moved(x: Parameters, *data: Array) -> Parameters:
        run(x, *data)
        return x  # out here, since `experiments.idioms` finds it no faster where the compiled step returns it

    return Stepwise(moved, case.steps, copied)


def _compiled(function: Flat, *arguments: Parameters) -> Flat:
    """Compile `function` for arguments like these; torch compiles at the first call, so one is made here."""
    run = torch.compile(function, dynamic=False, fullgraph=True)
    run(*arguments)
    _wait(arguments[0])
    return run


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


def _leaf(array: Array) -> Array:
    return array.detach().requires_grad_()


def _fresh_leaf(array: Array) -> Array:
    return array.clone().requires_grad_()


def _slope_of(leaf: Array) -> Array:
    return leaf.grad


def _wait(result: Parameters) -> None:
    if tree_leaves(result)[0].is_cuda:
        torch.cuda.synchronize()


def _compilations() -> int:
    # Asking imports the compiler, which takes seconds: where nobody has, nothing is compiled.
    compiler = sys.modules.get("torch._dynamo.utils")
    return 0 if compiler is None else sum(compiler.counters["frames"].values())


PROBES = Probes(
    compilations=_compilations,
    threads=torch.get_num_threads,
    copied=torch.clone,
    held_bytes=torch.cuda.memory_allocated,
    peak_bytes=torch.cuda.max_memory_allocated,
    reset_peak=torch.cuda.reset_peak_memory_stats,
)


@dataclass(frozen=True)
class TorchMode:
    name: str
    builders: dict[str, Builder]
    compiles: bool = False
    losses: Mapping[str, Loss] = field(default_factory=dict)

    known_devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    @property
    def probes(self) -> Probes:
        return replace(PROBES, empty_caches=_empty_caches) if self.compiles else PROBES

    def version(self) -> str:
        return torch.__version__

    def missing_device(self, device: str) -> str | None:
        if device == "cpu" or torch.cuda.is_available():
            return None
        return "torch finds no CUDA device" if torch.version.cuda else f"torch {self.version()} is built without CUDA"

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if self.compiles and (reason := _missing_compiler()):
            return reason
        return missing_operator(self.name, self.builders, case) or missing_loss(self.name, self.losses, case)

    def warm_up(self, case: Case) -> None:
        _wait(torch.ones(1, device=case.device).requires_grad_().sum())
        if self.compiles:
            _start_compiler(case.device)
            # What was compiled for the cases before is looked through at every call, and after eight torch gives up.
            torch.compiler.reset()

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        placed = tuple(torch.tensor(array, device=case.device) for array in arrays)
        for tensor in placed:
            _wait(tensor)
        return placed

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        problem = in_own_words(problem, self.losses)
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        _wait(result)

    def fetch(self, result: Parameters) -> Any:
        return tree_map(lambda array: array.detach().cpu().numpy(), result)


FUNC = {"value": value, "gradient": gradient_func, "hvp": hvp_func, "jvp": jvp_func}
EAGER = {operator: eager(derive) for operator, derive in (FUNC | {"gradient": gradient_vjp}).items()}
# Inductor (torch 2.13, CPU) compiles forward over reverse of a gather to a wrong product, or fails (pytorch #160391).
COMPILED = {operator: compiled(derive) for operator, derive in (FUNC | {"hvp": hvp_reverse_over_reverse}).items()}
VALUE = {"value": eager(value)}
GRAD = {"gradient": gradient_grad, "descent": descent_grad, "hvp": hvp_grad, "jvp": jvp_dual}

BACKENDS = (
    TorchMode("torch-sgd", VALUE | {"gradient": gradient_backward, "descent": descent_sgd}),
    TorchMode("torch-grad", VALUE | GRAD),
    TorchMode("torch-func", EAGER | {"descent": descent_func}),
    TorchMode("torch-compile", COMPILED | {"descent": descent_compile}, compiles=True),
    TorchMode("torch-fused", VALUE | GRAD, losses=LOSSES),
)
