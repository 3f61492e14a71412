"""An attention block as a user writes it, and its descent, hand-written in each mode, with no code of this project.

The loss is the user's own in both: a torch module and a JAX function, over parameters in a dict. What is compared is
the loop around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from problems import Problem

WIDTH, LENGTH, NAMES = 64, 32, ("query", "key", "value", "out")
RATE, STEPS = 0.1, 100
Descent = Callable[[Any, Any], Any]


class Attention(torch.nn.Module):  # type: ignore[misc]
    """One head: softmax(Q Kᵀ / √width) V, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        for name in NAMES:
            setattr(self, name, torch.nn.Linear(WIDTH, WIDTH))

    def forward(self, X: Any) -> Any:
        A = torch.softmax(self.query(X) @ self.key(X).mT / WIDTH**0.5, -1)
        return self.out(A @ self.value(X))


MODEL = Attention()


def torch_loss(x: Any, data: Any) -> Any:
    X, Y = data
    return torch.nn.functional.mse_loss(torch.func.functional_call(MODEL, x, (X,)), Y)


def jax_loss(x: Any, data: Any) -> Any:
    X, Y = data
    q, k, v = (X @ x[f"{name}.weight"].T + x[f"{name}.bias"] for name in NAMES[:3])
    A = jax.nn.softmax(q @ k.swapaxes(-1, -2) / WIDTH**0.5)
    return ((A @ v @ x["out.weight"].T + x["out.bias"] - Y) ** 2).mean()


def draw(rng: np.random.Generator, batch_size: int) -> tuple[Any, Any]:
    x = {f"{name}.weight": rng.standard_normal((WIDTH, WIDTH)) / WIDTH**0.5 for name in NAMES}
    x |= {f"{name}.bias": np.zeros(WIDTH) for name in NAMES}
    X, Y = rng.standard_normal((2, batch_size, LENGTH, WIDTH))
    return x, (X, Y)


PROBLEM = Problem(
    "attention", draw=draw, rate=RATE, steps=STEPS, batch_sizes=(1, 8), losses={"torch": torch_loss, "jax": jax_loss}
)


def torch_sgd(start: Any, data: Any) -> Any:
    x = {name: array.clone().requires_grad_() for name, array in start.items()}
    optimizer = torch.optim.SGD(x.values(), lr=RATE, foreach=False)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch_loss(x, data).backward()
        optimizer.step()
    return {name: array.detach() for name, array in x.items()}


def torch_grad(start: Any, data: Any) -> Any:
    x = {name: array.clone().requires_grad_() for name, array in start.items()}
    leaves, positions = list(x.values()), [array.detach() for array in x.values()]
    for _ in range(STEPS):
        gradients = torch.autograd.grad(torch_loss(x, data), leaves)
        for position, gradient in zip(positions, gradients, strict=True):
            position.sub_(gradient, alpha=RATE)
    return dict(zip(x, positions, strict=True))


def torch_func(x: Any, data: Any) -> Any:
    for _ in range(STEPS):
        value, back = torch.func.vjp(lambda x: torch_loss(x, data), x)
        (g,) = back(torch.ones_like(value))
        x = {name: torch.sub(array, g[name], alpha=RATE) for name, array in x.items()}
    return x


def torch_compile() -> Descent:
    gradient = torch.func.grad(torch_loss)

    def move(x: Any, X: Any, Y: Any) -> None:
        g = gradient(x, (X, Y))
        for name, array in x.items():
            array.sub_(g[name], alpha=RATE)

    step = torch.compile(move, dynamic=False, fullgraph=True)

    def descend(start: Any, data: Any) -> Any:
        x = {name: array.clone() for name, array in start.items()}
        for _ in range(STEPS):
            step(x, *data)
        return x

    return descend


def jax_step(x: Any, X: Any, Y: Any) -> Any:
    g = jax.grad(jax_loss)(x, (X, Y))
    return {name: array - RATE * g[name] for name, array in x.items()}


def jax_jit() -> Descent:
    copied = jax.jit(lambda x: {name: jnp.copy(array) for name, array in x.items()})
    step = jax.jit(jax_step, donate_argnums=0)

    def descend(start: Any, data: Any) -> Any:
        x = copied(start)
        for _ in range(STEPS):
            x = step(x, *data)
        return jax.block_until_ready(x)

    return descend


def jax_loop() -> Descent:
    loop = jax.jit(lambda x, X, Y: jax.lax.fori_loop(0, STEPS, lambda _, x: jax_step(x, X, Y), x))
    return lambda x, data: jax.block_until_ready(loop(x, *data))


DESCENTS: dict[str, Callable[[Any], Descent]] = {
    "torch-optim": lambda _: torch_sgd,
    "torch-grad": lambda _: torch_grad,
    "torch-func": lambda _: torch_func,
    "torch-compile-step": lambda _: torch_compile(),
    "jax-jit": lambda _: jax_jit(),
    "jax-loop": lambda _: jax_loop(),
}
"""What builds the hand-written descent of each backend."""
