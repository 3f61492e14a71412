"""torch's compiler: what it needs on a machine, how it starts, what it has compiled, and where it keeps that."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import torch


@cache
def start(device: str) -> None:
    """Import the compiler, probe the processor and build its headers: seconds that a process pays once."""
    torch.compile(torch.sin, dynamic=False)(torch.ones(1, device=device))


def empty_caches() -> AbstractContextManager[None]:
    """Return the context in which the compiler finds nothing that it compiled before, in memory or on disk."""
    from torch._inductor.utils import fresh_inductor_cache  # noqa: PLC0415 (it imports the compiler: seconds)

    caches: AbstractContextManager[None] = fresh_inductor_cache()
    return caches


@contextmanager
def from_disk(_compile_again: Callable[[], object]) -> Iterator[Callable[[], bool]]:
    """Forget what is in memory. What was compiled inside `empty_caches` is in its folder."""
    from torch._dynamo.utils import counters  # noqa: PLC0415 (likewise)
    from torch._inductor.utils import clear_caches  # noqa: PLC0415 (likewise)

    def found() -> tuple[int, int]:
        counts = counters["inductor"]
        return counts["fxgraph_cache_hit"], counts["fxgraph_cache_miss"] + counts["fxgraph_cache_bypass"]

    torch.compiler.reset()
    clear_caches()
    hits, misses = found()
    yield lambda: found()[0] > hits and found()[1] == misses


def missing(device: str) -> str | None:
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


def compilations() -> int:
    """Return how many times this process has compiled."""
    # Importing the compiler takes seconds. If nobody has imported it, nothing has been compiled.
    compiler = sys.modules.get("torch._dynamo.utils")
    # With `fullgraph`, torch counts graphs, and no frames.
    return 0 if compiler is None else compiler.counters["stats"]["unique_graphs"]
