"""JAX: not jitted, one step jitted, and the whole descent in one loop on the device.

`jax-grad`    `jax.grad`, operation by operation
`jax-jit`     one step jitted, with its start donated (the step takes over its memory), and the loop in Python; the
              steps are dispatched without waiting, and only the end is waited for
`jax-loop`    the whole descent in one `lax.fori_loop`, jitted
`jax-revrev`  Hessian-vector products by reverse over reverse, jitted; the modes above go forward over reverse
`jax-scan`    as `jax-jit`, for losses with a loop that `lax.scan` can hold: the loop's body is compiled once,
              however long the loop is
"""

from __future__ import annotations

import importlib.metadata
import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

# By default JAX takes three quarters of the GPU's memory at its first use, and torch in the same process runs out.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# A cache on disk, filled by another process, would make a compilation look fast.
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)

import jax
import jax.numpy as jnp
import numpy as np

from backends import (
    Backend,
    Builder,
    Case,
    Flat,
    Loss,
    Operations,
    Probes,
    Run,
    Stepwise,
    eager,
    examples,
    precision,
    spread,
    step,
)
from backends.parts import jax_operations
from problems import PAIR, Array, Data, Parameters, Problem, tree_map


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
        return spread(_compiled(derive(problem), *examples(case.operator, x, data)), case.operator)

    return build


def descent_grad(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return Stepwise(one_step(problem, x, data), case.steps)


def descent_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    copied = _compiled(partial(tree_map, jnp.copy), x)  # jitted like the step: uncompiled, a call runs more Python
    return Stepwise(_compiled(one_step(problem, x, data), x, *data, donate_argnums=0), case.steps, copied)


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    move, steps = one_step(problem, x, data), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        return jax.lax.fori_loop(0, steps, lambda _, x: move(x, *data), x)

    return spread(_compiled(loop, x, *data), case.operator)


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


def _compiled(function: Flat, *arguments: Parameters, **options: Any) -> Flat:
    """Compile `function` for arguments like these, without running it.

    A later call of the jitted function uses the program that was compiled here. The data are arguments: if the
    function closed over them, they would become constants.
    """
    run = jax.jit(function, **options)
    PROGRAMS[run] = run.lower(*arguments).compile()
    return run


PROGRAMS: WeakKeyDictionary[Flat, Any] = WeakKeyDictionary()
"""The compiled program of each jitted function that is alive."""


def _counted_flops(run: Run) -> float | None:
    """Return the compiler's count of operations, including exponentials and other transcendental functions."""
    program = _program(run)
    if program is None:
        return None
    counts = program.cost_analysis()
    return counts.get("flops", 0.0) + counts.get("transcendentals", 0.0)


def _planned_bytes(run: Run) -> int | None:
    """Return the bytes that XLA plans for a call: results, scratch, and the copy of the start that a step takes over.

    A result that lies in the memory of an argument counts once. A sum is an upper bound where XLA frees the scratch
    before it makes the result.
    """
    program = _program(run)
    if program is None:
        return None
    programs = [program]
    if isinstance(run, Stepwise) and run.copied is not None:
        programs.append(PROGRAMS[run.copied])
    return sum(map(_beside_arguments, programs))


def _beside_arguments(program: Any) -> int:
    memory = program.memory_analysis()
    return int(memory.temp_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes)


def _program(run: Run) -> Any:
    """Return the compiled program that the run calls, or that each of its steps calls; `None` if there is none."""
    return PROGRAMS.get(_function(run))


def _function(run: Run) -> Any:
    """Return the function that the run calls, or that each of its steps calls, jitted if the mode jits it."""
    return run.step if isinstance(run, Stepwise) else inspect.unwrap(run, stop=PROGRAMS.__contains__)


_compiled_so_far: list[str] = []


def _count(event: str, _seconds: float, **_others: Any) -> None:
    if event == "/jax/core/compile/backend_compile_duration":
        _compiled_so_far.append(event)


jax.monitoring.register_event_duration_secs_listener(_count)


@contextmanager
def _empty_caches() -> Iterator[None]:
    """Clear what JAX has compiled. It compiles and keeps each operation, also outside of `jit`."""
    jax.clear_caches()
    yield


def _threads() -> int:
    """Return how many CPUs this process may run on. XLA goes by this number alone, and by no variable."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


PRECISIONS = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "BF16_BF16_F32"}
"""JAX's name of each precision. Its own `bfloat16` is only its fastest: on a GPU it means TF32."""


def set_precision(device: str, dtype: str) -> None:
    """Multiply arrays of `dtype` on `device` in the precision that was asked for. It holds for the whole process.

    A CPU keeps JAX's own default, which rounds nothing there.
    """
    name = None if device == "cpu" else PRECISIONS[precision.asked(device, dtype)]
    jax.config.update("jax_default_matmul_precision", name)


def _precision(device: str) -> str:
    return "float32" if device == "cpu" else _measured_precision(device, precision.asked(device))


@cache
def _measured_precision(device: str, _asked: str) -> str:
    """Return the precision of a product on the device. JAX's own default on a GPU is TF32."""
    set_precision(device, "float32")
    target = jax.devices(device)[0]
    return precision.measured(lambda a, b: np.asarray(jnp.matmul(*jax.device_put((a, b), target))))


def set_default_device(device: str) -> None:
    """Make operations without an array of their own, such as the constants in `jax.grad`, compute on `device`.

    JAX's default is a GPU if there is one. Where `device` is the default, the option stays unset: a call of a jitted
    function takes some microseconds longer if it is set.
    """
    target = jax.devices(device)[0]
    jax.config.update("jax_default_device", None if target == jax.devices()[0] else target)


def _cuda_version() -> str:
    """Return the version of CUDA that jaxlib was built for: `12.9` for 12090. Empty if JAX does not say."""
    stated = re.search(r"cuda (\d+)", jax.devices("cuda")[0].client.platform_version)
    number = int(stated[1]) if stated else 0
    return f"{number // 1000}.{number % 1000 // 10}" if number else ""


PROBES = Probes(
    compilations=lambda: len(_compiled_so_far),
    precision=_precision,
    jaxlib_version=lambda: importlib.metadata.version("jaxlib"),
    cuda_version=_cuda_version,
    threads=_threads,
    counted_flops=_counted_flops,
    copied=jnp.copy,
    updated=jax.jit(lambda array: array + 1.0, donate_argnums=0),
    held_bytes=lambda: jax.devices("cuda")[0].memory_stats()["bytes_in_use"],
    peak_bytes=lambda: jax.devices("cuda")[0].memory_stats()["peak_bytes_in_use"],
    planned_bytes=_planned_bytes,
    empty_caches=_empty_caches,
)


@dataclass(frozen=True)
class JaxMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    losses: Mapping[str, Loss] = field(default_factory=dict)
    compiled: bool = True
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    known_devices = ("cpu", "cuda")
    probes = PROBES

    def version(self) -> str:
        return jax.__version__

    def missing_device(self, device: str) -> str | None:
        try:
            jax.devices(device)
        except RuntimeError:  # JAX raises it for a platform that this machine lacks
            return "jax finds no CUDA device; it takes a GPU and jax[cuda13]"
        return None

    def warm_up(self, case: Case) -> None:
        (one,) = self.put((np.ones(1, dtype=case.dtype),), case)
        jax.jit(jnp.sin)(one).block_until_ready()

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        # These three hold for the whole process. Users of float32 have the 64-bit mode off, so each case sets it.
        jax.config.update("jax_enable_x64", case.dtype == "float64")
        set_precision(case.device, case.dtype)
        set_default_device(case.device)
        placed = jax.device_put(arrays, jax.devices(case.device)[0])
        return tuple(jax.block_until_ready(placed))

    def wait(self, result: Parameters, case: Case) -> None:
        block = getattr(result, "block_until_ready", None)
        if block is None:
            jax.block_until_ready(result)
        else:  # the same for one array, without JAX's walk through a tree: that takes microseconds
            block()

    def fetch(self, result: Parameters, case: Case) -> Any:
        return tree_map(np.asarray, result)

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        function, program = _function(run), _program(run)
        flat = (*arguments[:-1], *arguments[-1])
        if program is not None:
            return jax_operations.counted(function.lower(*flat), program)
        # Not jitted: its operations are those of the program that jitting it would make.
        lowered = jax.jit(function).lower(*flat) if isinstance(run, Stepwise) else jax.jit(run).lower(*arguments)
        return jax_operations.counted(lowered, None)


DERIVED = {"value": value, "gradient": gradient, PAIR: value_and_gradient, "hvp": hvp, "jvp": jvp}
EAGER = {operator: eager(derive) for operator, derive in DERIVED.items()}
JITTED = {operator: jitted(derive) for operator, derive in DERIVED.items()}

BACKENDS = (
    JaxMode(
        "jax-grad",
        EAGER | {"descent": descent_grad},
        compiled=False,
        writes="`jax.grad(loss)`, without `jit`",
        wins="for debugging; the slowest at every batch size",
    ),
    JaxMode(
        "jax-jit",
        JITTED | {"descent": descent_jit},
        in_default=True,
        writes="`jax.jit` of one step; the loop in Python",
        wins="when Python must see each step; passes `numpy` between 100 and 10,000",
    ),
    JaxMode(
        "jax-loop",  # its value and gradient from one pass would be the program of `jax-jit`
        {"value": jitted(value), "gradient": jitted(gradient), "descent": descent_loop},
        in_default=True,
        writes="`jax.jit` of the whole descent, in `lax.fori_loop`",
        wins="the fastest up to a batch of 10,000",
    ),
    JaxMode(
        "jax-revrev",
        {"hvp": jitted(hvp_reverse_over_reverse)},
        in_default=True,
        writes="`jax.vjp` of `jax.grad(loss)`, jitted",
        wins="for Hessian-vector products: reverse over reverse",
    ),
    JaxMode(
        "jax-scan",
        JITTED | {"descent": descent_jit},
        losses={"rnn": rnn_scan},
        in_default=True,
        writes="`jax-jit`, with the loss's own loop in `lax.scan`",
        wins="for long sequences: the loop's body is compiled once",
    ),
)
