"""JAX: not jitted, one step jitted, and the whole descent in one loop on the device.

`jax-grad`  `jax.grad`, operation by operation
`jax-jit`   one step jitted, the loop in Python; the steps are dispatched without waiting, the end is waited for
`jax-loop`  the whole descent in one `lax.fori_loop`, jitted
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

# By default JAX takes three quarters of the GPU's memory at its first use, and torch beside it runs out.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
import numpy as np

from backends.interface import Builder, Case, Flat, Run, missing_operator, step, stepwise
from problems import Array, Data, Parameters, Problem, each


def gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    slope = _slope(problem)
    return lambda x, data: slope(x, *data)


def gradient_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    compiled = _compiled(_slope(problem), x, data)
    return lambda x, data: compiled(x, *data)


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return stepwise(_step(problem, x, data), case.steps)


def descent_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return stepwise(_compiled(_step(problem, x, data), x, data), case.steps)


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    one_step, steps = _step(problem, x, data), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        return jax.lax.fori_loop(0, steps, lambda _, x: one_step(x, *data), x)

    compiled = _compiled(loop, x, data)
    return lambda x, data: compiled(x, *data)


def _slope(problem: Problem) -> Flat:
    """Return the gradient as a function of x and each of the data: a tuple among arguments costs time at each call."""
    return jax.grad(lambda x, *data: problem.loss(jnp, x, data))


def _step(problem: Problem, x: Parameters, data: Data) -> Flat:
    return step(_slope(problem), problem.rate_at(x, data), x)


def _compiled(function: Flat, x: Parameters, data: Data) -> Flat:
    """Compile `function(x, *data)` for these shapes, without running it.

    The jitted function, called later, finds what was compiled. The data are arguments: closed over, they would become
    constants.
    """
    jitted = jax.jit(function)
    jitted.lower(x, *data).compile()
    return jitted


@dataclass(frozen=True)
class JaxMode:
    name: str
    builders: dict[str, Builder]

    known_devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    def version(self) -> str:
        return jax.__version__

    def missing_device(self, device: str) -> str | None:
        try:
            jax.devices(device)
        except RuntimeError:  # what JAX raises for a platform that is not here
            return "jax finds no CUDA device; it takes a GPU and jax[cuda13]"
        return None

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return missing_operator(self.name, self.builders, case)

    def warm_up(self, case: Case) -> None:
        (one,) = self.put((np.ones(1, dtype=case.dtype),), case)
        jax.jit(jnp.sin)(one).block_until_ready()

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        # The 64-bit mode is the process's. Each case has the one that its users have: off for float32.
        jax.config.update("jax_enable_x64", case.dtype == "float64")
        placed = jax.device_put(arrays, jax.devices(case.device)[0])
        return tuple(jax.block_until_ready(placed))

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        if isinstance(result, tuple):
            jax.block_until_ready(result)
        else:  # the same, without a walk through the tuple that it is not: microseconds
            result.block_until_ready()

    def fetch(self, result: Parameters) -> Any:
        return each(np.asarray, result)


BACKENDS = (
    JaxMode("jax-grad", {"gradient": gradient, "descent": descent_grad}),
    JaxMode("jax-jit", {"gradient": gradient_jit, "descent": descent_jit}),
    JaxMode("jax-loop", {"gradient": gradient_jit, "descent": descent_loop}),
)
