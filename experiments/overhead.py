"""Does the harness add anything to what it measures? `python -m experiments.overhead`

For every mode of the default race a descent on the quadratic written by hand, with nothing of the project in it, is
alternated with the harness's prepared call in one process, in random order. Printed is the median of the pairwise
ratios, harness over hand, with its 95 % interval. Pin it, to be sure of small differences: `taskset --cpu-list 0`
before the command.
"""

from __future__ import annotations

import argparse
import functools
import random
from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import torch
from autograd import grad

import problems
from backends import Backend, Case, load
from bench.case import prepare
from experiments.alternation import alternate
from report.statistics.intervals import median_interval

RATE, STEPS = 0.1, 100
Descent = Callable[[Any], Any]


def numpy_by_hand(x: Any) -> Any:
    def gradient(x: Any) -> Any:
        return 2.0 * x - 2.0

    down = np.asarray(-RATE, dtype=x.dtype)
    for _ in range(STEPS):
        x = down * gradient(x) + x
    return x


def numpy_inplace(like: Any) -> Descent:
    x, g, rate = np.empty_like(like), np.empty_like(like), np.asarray(RATE, dtype=like.dtype)

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


def autograd_by_hand() -> Descent:
    gradient = grad(lambda x: anp.sum(x * x - 2.0 * x + 5.0))

    def descend(x: Any) -> Any:
        down = np.asarray(-RATE, dtype=x.dtype)
        for _ in range(STEPS):
            x = down * gradient(x) + x
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


def by_hand(x: Any) -> dict[str, Descent]:
    """Return each backend's idiom, written by hand, for arrays like x."""
    return {
        "numpy": numpy_by_hand,
        "numpy-inplace": numpy_inplace(x),
        "autograd": autograd_by_hand(),
        "torch-sgd": torch_sgd,
        "torch-grad": torch_grad,
        "torch-func": torch_func,
        "torch-compile": torch_compile(),
        "jax-grad": jax_grad(),
        "jax-jit": jax_jit(),
        "jax-loop": jax_loop(),
    }


def main() -> None:
    """Print a line a backend and batch size."""
    parser = argparse.ArgumentParser(prog="python -m experiments.overhead", description=__doc__.partition("\n")[0])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--seconds", type=float, default=1.5, help="of each repeat")
    parser.add_argument("--repeats", type=int, default=7, help="both sides are made anew in each, in other memory")
    options = parser.parse_args()
    found = load().backends
    for batch_size in options.batch_size:
        for name in by_hand(np.zeros(1, dtype="float32")):
            ratios, steps = zip(
                *(compare(found[name], batch_size, options.seconds) for _ in range(options.repeats)), strict=True
            )
            ratio = median_interval(ratios)
            print(
                f"{name:14} batch {batch_size:>9,} {1e6 * np.median(steps):9.2f} µs a step   harness / hand "
                f"{ratio.center:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]",
                flush=True,
            )


def compare(backend: Backend, batch_size: int, seconds: float) -> tuple[float, float]:
    """Return the median ratio of harness over hand, of descents made anew, and the seconds a step by hand."""
    problem = problems.load()["quadratic"]
    case = Case("descent", problem.name, backend.name, batch_size, "float32", "cpu", STEPS)
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    harness = prepare.prepare(case, backend, problem).call
    host, _ = problems.instance(problem, batch_size, "float32")
    (x,) = backend.put((host,), case)
    ratios, seconds_by_hand = alternate(harness, functools.partial(by_hand(host)[backend.name], x), seconds)
    del padding
    return float(np.median(ratios)), float(np.median(seconds_by_hand)) / STEPS


if __name__ == "__main__":
    main()
