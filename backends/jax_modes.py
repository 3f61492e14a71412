"""JAX: not jitted, one step jitted, and the whole descent in one loop on the device.

`jax-grad`    `jax.grad`, operation by operation
`jax-jit`     one step jitted, which takes the memory of its start (donated), the loop in Python; the steps are
              dispatched without waiting, the end is waited for
`jax-loop`    the whole descent in one `lax.fori_loop`, jitted
`jax-revrev`  the Hessian-vector product by reverse over reverse, jitted; the modes above go forward over reverse
`jax-scan`    as `jax-jit`, where a loss has a loop that `lax.scan` can hold: compiled once, however long it is
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

# By default JAX takes three quarters of the GPU's memory at its first use, and torch beside it runs out.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# What another process has left on disk would make a compilation look fast.
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)

import jax
import jax.numpy as jnp
import numpy as np

from backends.base import (
    Builder,
    Case,
    Flat,
    Loss,
    Run,
    Stepwise,
    eager,
    examples,
    in_own_words,
    missing_loss,
    missing_operator,
    spread,
    step,
)
from backends.probes import Probes
from problems import Array, Data, Parameters, Problem, tree_map


def value(problem: Problem) -> Flat:
    return lambda x, *data: problem.loss(jnp, x, data)


def gradient(problem: Problem) -> Flat:
    return jax.grad(value(problem))


def jvp(problem: Problem) -> Flat:
    return _along(value(problem))


def hvp(problem: Problem) -> Flat:
    return _along(gradient(problem))


def hvp_reverse_over_reverse(problem: Problem) -> Flat:
    slope = gradient(problem)

    def product(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        (back,) = jax.vjp(lambda x: slope(x, *data), x)[1](v)
        return back

    return product


def _along(function: Flat) -> Flat:
    """Return the derivative of `function` along a direction, by forward mode."""
    return lambda x, v, *data: jax.jvp(lambda x: function(x, *data), (x,), (v,))[1]


def jitted(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of the same operator, jitted, and compiled for the case."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(_compiled(derive(problem), *examples(case.operator, x, data)), case.operator)

    return build


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return Stepwise(one_step(problem, x, data), case.steps)


def descent_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    copied = _compiled(partial(tree_map, jnp.copy), x)  # jitted as the step is: by itself it passes more of Python
    return Stepwise(_compiled(one_step(problem, x, data), x, *data, donate_argnums=0), case.steps, copied)


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    move, steps = one_step(problem, x, data), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        return jax.lax.fori_loop(0, steps, lambda _, x: move(x, *data), x)

    return spread(_compiled(loop, x, *data), case.operator)


def rnn_scan(x: Parameters, data: Data) -> Array:
    """Return the loss of `rnn`, its loop over the sequence in one `lax.scan`."""
    U, W, b, w = x
    X, y = data

    def along(H: Array, drive: Array) -> tuple[Array, None]:
        return jnp.tanh(drive + H @ W), None

    last, _ = jax.lax.scan(along, jnp.zeros((X.shape[1], len(b)), X.dtype), X @ U + b)
    r = last @ w - y
    return jnp.sum(0.5 * r * r) / len(y)


def one_step(problem: Problem, x: Parameters, data: Data) -> Flat:
    return step(gradient(problem), problem.rate_at(x, data), x)


def _compiled(function: Flat, *arguments: Parameters, **options: Any) -> Flat:
    """Compile `function` for arguments like these, without running it.

    The jitted function, called later, finds what was compiled. The data are arguments: closed over, they would become
    constants.
    """
    run = jax.jit(function, **options)
    PROGRAMS[run] = run.lower(*arguments).compile()
    return run


PROGRAMS: WeakKeyDictionary[Flat, Any] = WeakKeyDictionary()
"""What each jitted function that is alive was compiled to."""


def _counted_flops(run: Run) -> float | None:
    """Return the compiler's count of operations, exponentials and their like included."""
    program = PROGRAMS.get(run.step if isinstance(run, Stepwise) else inspect.unwrap(run, stop=PROGRAMS.__contains__))
    if program is None:
        return None
    counts = program.cost_analysis()
    return counts.get("flops", 0.0) + counts.get("transcendentals", 0.0)


_compiled_so_far: list[str] = []


def _count(event: str, _seconds: float, **_others: Any) -> None:
    if event == "/jax/core/compile/backend_compile_duration":
        _compiled_so_far.append(event)


jax.monitoring.register_event_duration_secs_listener(_count)


@contextmanager
def _empty_caches() -> Iterator[None]:
    """Operations that are not jitted are compiled one by one, and kept."""
    jax.clear_caches()
    yield


def _threads() -> int:
    """Return how many CPUs this process may run on: XLA goes by that, and by no variable."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


PROBES = Probes(
    compilations=lambda: len(_compiled_so_far),
    threads=_threads,
    counted_flops=_counted_flops,
    copied=jnp.copy,
    held_bytes=lambda: jax.devices("cuda")[0].memory_stats()["bytes_in_use"],
    peak_bytes=lambda: jax.devices("cuda")[0].memory_stats()["peak_bytes_in_use"],
    empty_caches=_empty_caches,
)


@dataclass(frozen=True)
class JaxMode:
    name: str
    builders: dict[str, Builder]
    losses: Mapping[str, Loss] = field(default_factory=dict)

    known_devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    probes: ClassVar[Probes] = PROBES

    def version(self) -> str:
        return jax.__version__

    def missing_device(self, device: str) -> str | None:
        try:
            jax.devices(device)
        except RuntimeError:  # what JAX raises for a platform that is not here
            return "jax finds no CUDA device; it takes a GPU and jax[cuda13]"
        return None

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return missing_operator(self.name, self.builders, case) or missing_loss(self.name, self.losses, case)

    def warm_up(self, case: Case) -> None:
        (one,) = self.put((np.ones(1, dtype=case.dtype),), case)
        jax.jit(jnp.sin)(one).block_until_ready()

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        # The 64-bit mode is the process's. Each case has the one that its users have: off for float32.
        jax.config.update("jax_enable_x64", case.dtype == "float64")
        placed = jax.device_put(arrays, jax.devices(case.device)[0])
        return tuple(jax.block_until_ready(placed))

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        problem = in_own_words(problem, self.losses)
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        if isinstance(result, tuple):
            jax.block_until_ready(result)
        else:  # the same, without a walk through the tuple that it is not: microseconds
            result.block_until_ready()

    def fetch(self, result: Parameters) -> Any:
        return tree_map(np.asarray, result)


DERIVED = {"value": value, "gradient": gradient, "hvp": hvp, "jvp": jvp}
EAGER = {operator: eager(derive) for operator, derive in DERIVED.items()}
JITTED = {operator: jitted(derive) for operator, derive in DERIVED.items()}

BACKENDS = (
    JaxMode("jax-grad", EAGER | {"descent": descent_grad}),
    JaxMode("jax-jit", JITTED | {"descent": descent_jit}),
    JaxMode("jax-loop", {"value": jitted(value), "gradient": jitted(gradient), "descent": descent_loop}),
    JaxMode("jax-revrev", {"hvp": jitted(hvp_reverse_over_reverse)}),
    JaxMode("jax-scan", JITTED | {"descent": descent_jit}, losses={"rnn": rnn_scan}),
)
