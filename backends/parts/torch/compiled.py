"""The builders of the torch modes with a compiler: what each of them compiles, and what stays in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree  # what torch.func itself walks with: Dynamo traces it

from backends import Builder, Case, Flat, Run, Stepwise, StepwiseInPlace, examples, spread
from backends.parts.torch.builders import gradient_func, value, wait
from problems import NODES, Array, Data, Parameters, Problem, form

CAPTURING_CALLS = 3
"""Calls until torch replays a CUDA graph: the first warms up, the second captures."""


def compiled(derive: Callable[[Problem], Flat]) -> Builder:
    """Return a builder that compiles the function from `derive` for the case."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(_compiled(case, derive(problem), *examples(case.operator, x, data)), case.operator)

    return build


def with_compiled_loss(build: Builder, first: Builder) -> Builder:
    """Return the builder `build` for the loss compiled by itself: its forward and its backward are a program each.

    torch compiles both in a call of what `first` builds, which differentiates the loss once.
    """

    def build_compiled(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        loss = torch.compile(value(problem), dynamic=False, fullgraph=True)
        problem = replace(problem, loss=lambda _, x, data: loss(x, *data))
        first(problem, case, x, data)(x, data)
        wait(case)
        return build(problem, case, x, data)

    return build_compiled


def descent_compile(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `torch.compile` of one step, which updates a copy of the start in place."""
    copied = partial(form(x).map, torch.clone)
    move = _compiled(case, moving(problem, x, data), copied(x), *data)
    return StepwiseInPlace(move, case.steps, copied)  # returning x from the compiled step is no faster


def moving(problem: Problem, x: Parameters, data: Data) -> Callable[..., None]:
    """Return one step `move(x, *data)` that updates x in place, for parameters like `x`."""
    gradient, rate = gradient_func(problem), problem.rate_at(x, data)

    def move(x: Array, *data: Array) -> None:
        x.sub_(gradient(x, *data), alpha=rate)

    def move_each(x: Parameters, *data: Array) -> None:
        for array, change in zip(pytree.tree_leaves(x), pytree.tree_leaves(gradient(x, *data)), strict=True):
            array.sub_(change, alpha=rate)

    return move_each if isinstance(x, NODES) else move


def stepping(problem: Problem, x: Parameters, data: Data) -> Flat:
    """Return one step `step(x, *data)` that returns new arrays."""
    gradient, rate = gradient_func(problem), problem.rate_at(x, data)
    return lambda x, *data: pytree.tree_map(lambda array, g: array - rate * g, x, gradient(x, *data))


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data, **options: Any) -> Run:
    """Build the descent by `torch.compile` of `torch.while_loop` over its steps, with these options of the compiler.

    The steps that are left are an argument, and not in the program: one program does for descents of any length.
    """
    step, steps = stepping(problem, x, data), torch.tensor(case.steps)

    def descend(left: Array, x: Parameters, *data: Array) -> Parameters:
        def is_left(left: Array, _: Parameters) -> Array:
            return left > 0

        def move(left: Array, x: Parameters) -> tuple[Array, Parameters]:
            return left - 1, step(x, *data)  # while_loop forbids an update in place

        return torch.while_loop(is_left, move, (left, x))[1]

    run = _compiled(case, descend, steps, x, *data, **options)
    return spread(partial(run, steps), case.operator)


def descent_reduce(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by one step in `mode="reduce-overhead"`: torch captures a CUDA graph of it, and replays that.

    The step returns new arrays, since torch captures no graph that updates in place what the caller holds. They lie in
    the graph's own memory, which the next step overwrites, so each step's are copied, as torch asks for.
    """
    replay = torch.compile(stepping(problem, x, data), mode="reduce-overhead", dynamic=False, fullgraph=True)
    copied = partial(form(x).map, torch.clone)

    def step(x: Parameters, *data: Array) -> Parameters:
        torch.compiler.cudagraph_mark_step_begin()
        return copied(replay(x, *data))

    for _ in range(CAPTURING_CALLS):
        step(x, *data)
    wait(case)
    return Stepwise(step, case.steps)


def _compiled(case: Case, function: Flat, *arguments: Parameters, **options: Any) -> Flat:
    """Compile `function` for arguments like these. torch compiles at the first call, so the first call is made here."""
    run = torch.compile(function, dynamic=False, fullgraph=True, **options)
    run(*arguments)
    wait(case)
    return run
