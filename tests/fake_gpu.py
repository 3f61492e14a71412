"""`python -m tests.fake_gpu`: runs torch's modes on fake tensors of a device that is not the CPU. No GPU is needed.

Such a tensor has a shape, a dtype and a device, and no data. torch refuses an operation that mixes its device with the
CPU, so a mode that makes a constant on the wrong device raises here as it would on a GPU. torch's compiler is left out:
its modes run their functions uncompiled. A capture of a CUDA graph runs as it is, and raises at what no graph takes: an
array from the CPU. The output has a line for each mode, problem and operator that fails, and then
how many ran. torch's dummy device is registered for the whole process: that is why this is one of its own.
"""

from __future__ import annotations

from contextlib import nullcontext
from itertools import product
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

import backends
import problems
from backends import Backend, Case
from bench.case import prepare
from bench.case.check import reference
from problems import Problem, sizes_text, tree_leaves, tree_map
from tests.dealing import SHORTER, dealt

NAME = "fakegpu"


def main(*, every: bool = True) -> None:
    """Run every case, or each operator of a problem in one mode, and all of a mode with losses of its own."""
    _setup_privateuseone_for_python_backend(NAME)
    torch.compile = lambda function, **_options: function
    torch._fused_sgd_ = lambda *_, **__: None  # it updates in place, and there is none for the dummy device
    torch.compiler.cudagraph_mark_step_begin = lambda: None
    torch.cuda.synchronize = lambda: None
    torch.cuda.CUDAGraph = Graph
    torch.cuda.graph = Capture
    torch.cuda.Stream = torch.cuda.current_stream = Stream
    torch.cuda.stream = lambda _: nullcontext()
    run_all(tuple(problems.load()), every=every)


def run_all(names: tuple[str, ...], *, every: bool) -> None:
    """Run the cases of these problems. The dummy device is registered."""
    ran = 0
    found = backends.load(("torch",)).backends
    for backend, (row, name), operator in product(found.values(), enumerate(names), backends.OPERATORS):
        if not (every or backend.losses or backend.name == dealt(found, row, operator)):
            continue
        problem = problems.load()[name]
        sizes = sizes_text({**problem.sizes, **SHORTER.get(problem.name, {})})
        case = Case(operator, problem.name, backend.name, 7, "float32", "cuda", 2, sizes)
        if is_run(case, backend, problem):
            report(case, backend, problems.find(problem.name, sizes))
            ran += 1
    print(f"ran {ran}")


def is_run(case: Case, backend: Backend, problem: Problem) -> bool:
    """Whether a GPU would run the case. What the problem lacks is asked on the CPU, which most modes have here."""
    if "cuda" not in backend.known_devices or backend.unsupported(case, problem) is not None:
        return False
    here = Case(**{**vars(case), "device": backend.known_devices[0]})
    return here.device == "cuda" or prepare.refusal(here, backend, problem) is None


class Graph:
    """A CUDA graph that is never replayed: fake tensors have no data."""

    def replay(self) -> None: ...


class Capture(TorchDispatchMode):  # type: ignore[misc] # (of a framework without types)
    """What `torch.cuda.graph` allows: all arrays are on the GPU. A number from the CPU is in the kernel's arguments."""

    def __init__(self, _: Graph) -> None:
        super().__init__()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if any(isinstance(array, torch.Tensor) and array.device.type == "cpu" and array.dim() for array in args):
            raise RuntimeError(f"{function}: an array of the CPU is captured")
        return function(*args, **(kwargs or {}))


class Stream:
    def wait_stream(self, other: Stream) -> None: ...


def report(case: Case, backend: Backend, problem: Problem) -> None:
    """Print what is wrong with the case, if anything is."""
    try:
        with FakeTensorMode():
            arguments = [tree_map(fake, argument) for argument in reference.arguments(case, problem)]
            result = backend.compile(case, problem, arguments[0], arguments[-1])(*arguments)
    except Exception as error:  # noqa: BLE001 (whatever torch raises)
        print(f"{case.backend} {case.problem} {case.operator}: {type(error).__name__}")
        return
    if {tensor.device.type for tensor in tree_leaves(result)} != {NAME}:
        print(f"{case.backend} {case.problem} {case.operator}: the result is on another device")


def fake(array: Any) -> Any:
    """Return a fake tensor like the array, on the device."""
    return torch.empty(array.shape, dtype=getattr(torch, str(array.dtype)), device=NAME)


if __name__ == "__main__":
    main()
