"""The descent on the quadratic, hand-written in each mode of the default race, with no code of this project.

Each function takes a start and runs `STEPS` steps. Where a mode builds something first, the function returns the
descent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import torch
from autograd import grad

RATE, STEPS = 0.1, 100
Descent = Callable[[Any], Any]


def numpy_descent(x: Any) -> Any:
    def gradient(x: Any) -> Any:
        return 2.0 * x - 2.0

    minus_rate = np.asarray(-RATE, dtype=x.dtype)
    for _ in range(STEPS):
        x = minus_rate * gradient(x) + x
    return x


def numpy_inplace(example: Any) -> Descent:
    x, g, rate = np.empty_like(example), np.empty_like(example), np.asarray(RATE, dtype=example.dtype)

    def gradient(x: Any, g: Any) -> None:
        np.multiply(x, 2.0, out=g)
        np.subtract(g, 2.0, out=g)

    def descend(start: Any) -> Any:
        np.copyto(x, start)
        for _ in range(STEPS):
            gradient(x, g)
            np.multiply(g, rate, out=g)
            np.subtract(x, g, out=x)
        return x

    return descend


def autograd_descent() -> Descent:
    gradient = grad(lambda x: anp.sum(x * x - 2.0 * x + 5.0))

    def descend(x: Any) -> Any:
        minus_rate = np.asarray(-RATE, dtype=x.dtype)
        for _ in range(STEPS):
            x = minus_rate * gradient(x) + x
        return x

    return descend


def torch_loss(x: Any) -> Any:
    return torch.sum(x * x - 2.0 * x + 5.0)


def torch_sgd(start: Any) -> Any:
    x = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([x], lr=RATE, foreach=False)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch_loss(x).backward()
        optimizer.step()
    return x.detach()


def torch_grad(start: Any) -> Any:
    x = start.clone().requires_grad_()
    for _ in range(STEPS):
        (g,) = torch.autograd.grad(torch_loss(x), x)
        x.detach().sub_(g, alpha=RATE)
    return x.detach()


def torch_func(x: Any) -> Any:
    for _ in range(STEPS):
        value, back = torch.func.vjp(torch_loss, x)
        (g,) = back(torch.ones_like(value))
        x = torch.sub(x, g, alpha=RATE)
    return x


def torch_compile() -> Descent:
    gradient = torch.func.grad(torch_loss)

    def move(x: Any) -> None:
        x.sub_(gradient(x), alpha=RATE)

    step = torch.compile(move, dynamic=False, fullgraph=True)

    def descend(start: Any) -> Any:
        x = start.clone()
        for _ in range(STEPS):
            step(x)
        return x

    return descend


def jax_loss(x: Any) -> Any:
    return jnp.sum(x * x - 2.0 * x + 5.0)


def jax_step(x: Any) -> Any:
    return x - RATE * jax.grad(jax_loss)(x)


def jax_stepwise(step: Descent) -> Descent:
    def descend(x: Any) -> Any:
        for _ in range(STEPS):
            x = step(x)
        return x.block_until_ready()

    return descend


def jax_grad() -> Descent:
    gradient = jax.grad(jax_loss)
    return jax_stepwise(lambda x: x - RATE * gradient(x))


def jax_jit() -> Descent:
    copied = jax.jit(jnp.copy)
    descend = jax_stepwise(jax.jit(jax_step, donate_argnums=0))
    return lambda x: descend(copied(x))


def jax_loop() -> Descent:
    loop = jax.jit(lambda x: jax.lax.fori_loop(0, STEPS, lambda _, x: jax_step(x), x))
    return lambda x: loop(x).block_until_ready()


DESCENTS: dict[str, Callable[[Any], Descent]] = {
    "numpy": lambda _: numpy_descent,
    "numpy-inplace": numpy_inplace,
    "autograd": lambda _: autograd_descent(),
    "torch-optim": lambda _: torch_sgd,
    "torch-grad": lambda _: torch_grad,
    "torch-func": lambda _: torch_func,
    "torch-compile-step": lambda _: torch_compile(),
    "jax-grad": lambda _: jax_grad(),
    "jax-jit": lambda _: jax_jit(),
    "jax-loop": lambda _: jax_loop(),
}
"""What builds the hand-written descent of each backend, for arrays of the shape and dtype of the one given."""
