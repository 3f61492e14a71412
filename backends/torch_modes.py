"""PyTorch: its optimiser, its two ways to a gradient, and a compiled step.

`torch-sgd`      `loss.backward()` and `torch.optim.SGD`: the tutorial
`torch-grad`     `torch.autograd.grad`, and an update in place
`torch-func`     `torch.func.grad`, in functions
`torch-compile`  one step by `torch.func.grad`, compiled; the loop stays in Python, since compiling the unrolled
                 descent takes many minutes and gigabytes
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import torch

from backends.interface import Builder, Case, Flat, Run, missing_operator, step, stepwise
from problems import Array, Data, Parameters, Problem, each, leaves, like


def gradient_backward(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, data: Data) -> Parameters:
        leaf = each(_leaf, x)
        problem.loss(torch, leaf, data).backward()
        return each(_slope_of, leaf)

    return run


def descent_sgd(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = each(_fresh_leaf, x)
        optimizer = torch.optim.SGD(leaves(leaf), lr=rate)
        for _ in range(steps):
            optimizer.zero_grad()
            loss(torch, leaf, data).backward()
            optimizer.step()
        return each(torch.detach, leaf)

    return run


def gradient_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def run(x: Parameters, data: Data) -> Parameters:
        leaf = each(_leaf, x)
        return like(x, torch.autograd.grad(problem.loss(torch, leaf, data), leaf))

    return run


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    loss, rate, steps = problem.loss, problem.rate_at(x, data), case.steps

    def run(x: Parameters, data: Data) -> Parameters:
        leaf = each(_fresh_leaf, x)
        positions = [array.detach() for array in leaves(leaf)]  # they share the leaves' memory, outside the graph
        for _ in range(steps):
            slopes = torch.autograd.grad(loss(torch, leaf, data), leaf)
            for position, slope in zip(positions, slopes, strict=True):
                position.sub_(slope, alpha=rate)
        return like(x, positions)

    return run


def gradient_func(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    slope = _slope(problem)
    return lambda x, data: slope(x, *data)


def descent_func(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return stepwise(_step(problem, x, data), case.steps)


def gradient_compile(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    compiled = _compiled(_slope(problem), x, data)
    return lambda x, data: compiled(x, *data)


def descent_compile(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return stepwise(_compiled(_step(problem, x, data), x, data), case.steps)


def _slope(problem: Problem) -> Flat:
    """Return the gradient as a function of x and each of the data: a tuple among arguments costs time at each call."""
    return torch.func.grad(lambda x, *data: problem.loss(torch, x, data))


def _step(problem: Problem, x: Parameters, data: Data) -> Flat:
    return step(_slope(problem), problem.rate_at(x, data), x)


def _compiled(function: Flat, x: Parameters, data: Data) -> Flat:
    """Compile `function(x, *data)` for these shapes; torch compiles at the first call, so one is made here."""
    compiled = torch.compile(function, dynamic=False, fullgraph=True)
    _wait(compiled(x, *data))
    return compiled


@cache
def _start_compiler(device: str) -> None:
    """Import the compiler, probe the processor and build its headers: seconds that a process pays once."""
    torch.compile(torch.sin, dynamic=False)(torch.ones(1, device=device))


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
    if leaves(result)[0].is_cuda:
        torch.cuda.synchronize()


@dataclass(frozen=True)
class TorchMode:
    name: str
    builders: dict[str, Builder]
    compiles: bool = False

    known_devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    def version(self) -> str:
        return torch.__version__

    def missing_device(self, device: str) -> str | None:
        if device == "cpu" or torch.cuda.is_available():
            return None
        return "torch finds no CUDA device" if torch.version.cuda else f"torch {self.version()} is built without CUDA"

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if self.compiles and (reason := _missing_compiler()):
            return reason
        return missing_operator(self.name, self.builders, case)

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
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        _wait(result)

    def fetch(self, result: Parameters) -> Any:
        return each(lambda array: array.detach().cpu().numpy(), result)


BACKENDS = (
    TorchMode("torch-sgd", {"gradient": gradient_backward, "descent": descent_sgd}),
    TorchMode("torch-grad", {"gradient": gradient_grad, "descent": descent_grad}),
    TorchMode("torch-func", {"gradient": gradient_func, "descent": descent_func}),
    TorchMode("torch-compile", {"gradient": gradient_compile, "descent": descent_compile}, compiles=True),
)
