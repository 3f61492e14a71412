"""`python -m tests.fake_gpu`: runs torch's modes on fake tensors of a device that is not the CPU. No GPU is needed.

Such a tensor has a shape, a dtype and a device, and no data. torch refuses an operation that mixes its device with the
CPU, so a mode that makes a constant on the wrong device raises here as it would on a GPU. torch's compiler is left out:
its modes run their functions uncompiled. The output has a line for each mode, problem and operator that fails, and then
how many ran. torch's dummy device is registered for the whole process: that is why this is one of its own.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
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
        here = Case(**{**vars(case), "device": "cpu"})
        if prepare.refusal(here, backend, problem) is None and backend.unsupported(case, problem) is None:
            report(case, backend, problems.find(problem.name, sizes))
            ran += 1
    print(f"ran {ran}")


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
