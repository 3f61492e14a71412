"""CUDA graphs on the CPU: `use` replaces `torch.cuda`'s, so that what a mode captures is recorded, and replayed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Graph:
    """The operations of a capture, each with the arrays that it read, and the one that it wrote."""

    def __init__(self) -> None:
        self.tape: list[tuple[Any, Any, Any, Any]] = []

    def replay(self) -> None:
        """Compute each operation again, from the same memory into the same memory."""
        with torch.no_grad():
            for function, arguments, options, written in self.tape:
                again = function(*arguments, **options)
                for old, new in zip(tree_leaves(written), tree_leaves(again), strict=True):
                    if old.data_ptr() != new.data_ptr():  # else it is a view, or was written in place
                        old.detach().copy_(new)


class capture(TorchDispatchMode):  # type: ignore[misc] # noqa: N801 (of a framework without types; torch.cuda.graph)
    """Record into the graph what is computed inside. A capture computes nothing, so what it leaves is no result."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        read = {array.data_ptr() for array in tree_leaves(args) if isinstance(array, torch.Tensor)}
        written = function(*args, **(kwargs or {}))
        self.graph.tape.append((function, args, kwargs or {}, written))
        for array in tree_leaves(written):
            if array.data_ptr() not in read:
                array.detach().fill_(torch.nan if array.dtype.is_floating_point else 0)
        return written


class Stream:
    """A stream that nothing waits for."""

    def wait_stream(self, other: Stream) -> None:
        assert other is not self


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace CUDA's graphs and streams."""
    current = Stream()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: current)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: nullcontext())
