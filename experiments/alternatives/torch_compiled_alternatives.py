"""PyTorch's compiler: other ways to compile a step, a loop or a derivative."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from backends import Builder, Case, Flat, Run, Stepwise, examples, spread, torch_modes
from backends.parts.torch import builders as torch_builders
from backends.parts.torch import compiled as own
from experiments.alternatives import Alternatives, torch_alternatives
from problems import PAIR, Array, Data, Parameters, Problem, tree_leaves, tree_map


def compiled_returning(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Let the compiled step return its argument, which it has updated in place."""
    derivative, rate = torch_builders.gradient_func(problem), problem.rate_at(x, data)

    def move(x: Parameters, *data: Array) -> Parameters:
        for position, gradient in zip(tree_leaves(x), tree_leaves(derivative(x, *data)), strict=True):
            position.sub_(gradient, alpha=rate)
        return x

    run = torch.compile(move, dynamic=False, fullgraph=True)
    run(tree_map(torch.clone, x), *data)
    return Stepwise(run, case.steps, lambda x: tree_map(torch.clone, x))


def compiled_no_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Call the steps under `no_grad`: no gradient is needed outside of them."""
    descend = own.descent_compile(problem, case, x, data)
    return torch.no_grad()(descend)


def compiled_backward(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Compile the loss alone, and update as `torch-grad` does."""
    return own.with_compiled_loss(torch_builders.descent_grad, torch_builders.gradient_backward)(problem, case, x, data)


def chunks(count: int) -> Builder:
    """Return the builder of compiled chunks of `count` steps, unrolled. What is left over is made one by one."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        move = own.moving(problem, x, data)

        def move_on(x: Parameters, *data: Array) -> None:
            for _ in range(count):
                move(x, *data)

        calls, left = divmod(case.steps, count)
        one = torch.compile(move, dynamic=False, fullgraph=True)
        chunk = torch.compile(move_on, dynamic=False, fullgraph=True)

        def run(x: Parameters, data: Data) -> Parameters:
            x = tree_map(torch.clone, x)
            for _ in range(calls):
                chunk(x, *data)
            for _ in range(left):
                one(x, *data)
            return x

        run(x, data)
        return run

    return build


def loop_unrolled(count: int) -> Builder:
    """Return the builder of a compiled `while_loop` with `count` steps in its body. The rest go before it."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        step, (calls, left) = own.stepping(problem, x, data), divmod(case.steps, count)

        def move(x: Parameters, *data: Array, times: int) -> Parameters:
            for _ in range(times):
                x = step(x, *data)
            return x

        def descend(x: Parameters, *data: Array) -> Parameters:
            start = torch.tensor(calls), move(x, *data, times=left)
            move_on = partial(move, times=count)
            return torch.while_loop(lambda calls, _: calls > 0, lambda calls, x: (calls - 1, move_on(x, *data)), start)[
                1
            ]

        run = torch.compile(descend, dynamic=False, fullgraph=True)
        run(x, *data)
        return spread(run, case.operator)

    return build


def compiled_with(**options: Any) -> Builder:
    """Return the builder of a step that returns a new array, compiled with these options."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        gradient, rate = torch_builders.gradient_func(problem), problem.rate_at(x, data)
        move = torch.compile(
            lambda x, *data: tree_map(lambda p, g: p - rate * g, x, gradient(x, *data)),
            dynamic=False,
            fullgraph=True,
            **options,
        )
        move(x, *data)
        return Stepwise(move, case.steps)

    return build


def compiled(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of an operator compiled from this derivative."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        run = torch.compile(derive(problem), dynamic=False, fullgraph=True)
        run(*examples(case.operator, x, data))
        return spread(run, case.operator)

    return build


ALTERNATIVES: Alternatives = {
    "torch-compile-loss": {"descent": {"`torch.autograd.grad`, and an update in place": compiled_backward}},
    "torch-compile-loop": {
        "descent": {
            "`cpp_wrapper`": partial(own.descent_loop, options={"cpp_wrapper": True}),
            "four steps in the loop's body": loop_unrolled(4),
        }
    },
    "torch-compile-step": {
        "descent": {
            "a new array each step": compiled_with(),
            "the step returns its start": compiled_returning,
            "under `no_grad`": compiled_no_grad,
            "a new array, `mode='max-autotune-no-cudagraphs'`": compiled_with(mode="max-autotune-no-cudagraphs"),
            "a new array, `cpp_wrapper`": compiled_with(options={"cpp_wrapper": True}),
            "another mode: only the loss compiled": torch_modes.LOSS["descent"],
            "another mode: `while_loop`": own.descent_loop,
            "another mode: four steps a call": chunks(4),
        },
        "gradient": {"`vjp`": compiled(torch_builders.gradient_vjp)},
        PAIR: {
            "`vjp`": compiled(torch_builders.value_and_gradient_vjp),
            "another mode: only the loss compiled": torch_modes.LOSS[PAIR],
        },
        "hvp": {"`grad` of the directional derivative": compiled(torch_alternatives.hvp_of_product)},
    },
}
