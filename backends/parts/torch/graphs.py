"""A CUDA graph of a descent: its kernels are captured once, and then launched all together, without Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from backends import Case, Run
from backends.parts.torch.builders import descent_grad, wait
from problems import Array, Data, Parameters, Problem, tree_leaves, tree_map

WARM_UPS = 3
"""Calls before the capture, as torch's documentation has them: they create what a capture may not."""


@dataclass(frozen=True)
class Replayed:
    """The run `captured`, replayed as a CUDA graph.

    A graph reads and writes where it was captured. So the arguments are copied to `static`, its own inputs, in the
    order of their leaves, and `result` is copied out: the next replay overwrites it.
    """

    captured: Run
    replay: Callable[[], None]
    static: tuple[Array, ...]
    result: Parameters

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        for array, given in zip(self.static, (*tree_leaves(x), *data), strict=True):
            array.copy_(given)
        self.replay()
        return tree_map(torch.clone, self.result)


def descent_graph(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent of `torch-grad`, all of its steps, as one CUDA graph."""
    run = descent_grad(problem, case, x, data)
    x, data = tree_map(torch.clone, x), tuple(map(torch.clone, data))
    _warm_up(partial(run, x, data))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = run(x, data)
    wait(case)
    return Replayed(run, graph.replay, (*tree_leaves(x), *data), result)


def _warm_up(call: Callable[[], Any]) -> None:
    """Make the calls on a stream of their own, beside the current one: what they leave on it is not captured."""
    current, side = torch.cuda.current_stream(), torch.cuda.Stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):
            call()
    current.wait_stream(side)
