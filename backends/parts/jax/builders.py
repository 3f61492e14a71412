"""The builders of the JAX modes: how each mode writes a gradient, a descent, and the other operators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp

from backends import Builder, Case, Flat, Run, Stepwise, examples, spread, step
from problems import Array, Data, Parameters, Problem, tree_map


def value(problem: Problem) -> Flat:
    return lambda x, *data: problem.loss(jnp, x, data)


def gradient(problem: Problem) -> Flat:
    return jax.grad(value(problem))


def value_and_gradient(problem: Problem) -> Flat:
    return jax.value_and_grad(value(problem))


def jvp(problem: Problem) -> Flat:
    return _along(value(problem))


def hvp(problem: Problem) -> Flat:
    return _along(gradient(problem))


def hvp_reverse_over_reverse(problem: Problem) -> Flat:
    derivative = gradient(problem)

    def product(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        (pulled,) = jax.vjp(lambda x: derivative(x, *data), x)[1](v)
        return pulled

    return product


def _along(function: Flat) -> Flat:
    """Return the derivative of `function` along a direction, by forward mode."""
    return lambda x, v, *data: jax.jvp(lambda x: function(x, *data), (x,), (v,))[1]


def jitted(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of the same operator, jitted, and compiled for the case."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(compiled(derive(problem), *examples(case.operator, x, data)), case.operator)

    return build


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return Stepwise(one_step(problem, x, data), case.steps)


def descent_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    copied = compiled(partial(tree_map, jnp.copy), x)  # jitted like the step: uncompiled, a call runs more Python
    return Stepwise(compiled(one_step(problem, x, data), x, *data, donate_argnums=0), case.steps, copied)


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    move, steps = one_step(problem, x, data), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        return jax.lax.fori_loop(0, steps, lambda _, x: move(x, *data), x)

    return spread(compiled(loop, x, *data), case.operator)


def rnn_scan(x: Parameters, data: Data) -> Array:
    """The loss of `rnn`, with its loop over the sequence in one `lax.scan`."""
    U, W, b, w = x
    X, y = data

    def along(H: Array, drive: Array) -> tuple[Array, None]:
        return jnp.tanh(drive + H @ W), None

    last, _ = jax.lax.scan(along, jnp.zeros((X.shape[1], len(b)), X.dtype), X @ U + b)
    r = last @ w - y
    return jnp.sum(0.5 * r * r) / len(y)


def one_step(problem: Problem, x: Parameters, data: Data) -> Flat:
    return step(gradient(problem), problem.rate_at(x, data), x)


def compiled(function: Flat, *arguments: Parameters, **options: Any) -> Flat:
    """Compile `function` for arguments like these, without running it.

    A later call of the jitted function uses the program that was compiled here. The data are arguments: if the
    function closed over them, they would become constants.
    """
    run = jax.jit(function, **options)
    PROGRAMS[run] = run.lower(*arguments).compile()
    return run


PROGRAMS: WeakKeyDictionary[Flat, Any] = WeakKeyDictionary()
"""The compiled program of each jitted function that is alive."""
