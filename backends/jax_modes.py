"""JAX: not jitted, one step jitted, and the whole descent in one loop on the device.

`jax-grad`    `jax.grad`, operation by operation
`jax-jit`     one step jitted, with its start donated (the step takes over its memory), and the loop in Python; the
              steps are dispatched without waiting, and only the end is waited for
`jax-loop`    the whole descent in one `lax.fori_loop`, jitted
`jax-revrev`  Hessian-vector products by reverse over reverse, jitted; the modes above go forward over reverse
`jax-scan`    as `jax-jit`, for losses with a loop that `lax.scan` can hold: the loop's body is compiled once,
              however long the loop is
`jax-losses`  as `jax-jit`, of losses in JAX's own functions and in optax's; it runs only the problems that have such a
              loss
"""

from __future__ import annotations

import importlib.metadata
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# By default JAX takes three quarters of the GPU's memory at its first use, and torch in the same process runs out.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# A cache on disk, filled by another process, would make a compilation look fast.
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)

import jax
import jax.numpy as jnp
import numpy as np

from backends import Backend, Builder, Case, Loss, Operations, Probes, Run, Stepwise, eager, precision
from backends.parts.jax import losses as jax_losses
from backends.parts.jax import operations as jax_operations
from backends.parts.jax import optimizers as jax_optimizers
from backends.parts.jax.builders import (
    descent_grad,
    descent_jit,
    descent_loop,
    gradient,
    hvp,
    hvp_reverse_over_reverse,
    jitted,
    jvp,
    rnn_scan,
    value,
    value_and_gradient,
)
from backends.parts.jax.optimizers import lbfgs_jit, lbfgs_loop, optimized_jit, optimized_loop
from backends.parts.jax.probes import (
    arguments_of,
    compilations,
    counted_flops,
    empty_caches,
    from_disk,
    function_of,
    planned_bytes,
    program_of,
    threads,
)
from problems import ADAM, LBFGS, MOMENTUM, PAIR, Array, Parameters, Problem, tree_map

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
    compilations=compilations,
    precision=_precision,
    jaxlib_version=lambda: importlib.metadata.version("jaxlib"),
    cuda_version=_cuda_version,
    threads=threads,
    counted_flops=counted_flops,
    copied=jnp.copy,
    updated=jax.jit(lambda array: array + 1.0, donate_argnums=0),
    held_bytes=lambda: jax.devices("cuda")[0].memory_stats()["bytes_in_use"],
    peak_bytes=lambda: jax.devices("cuda")[0].memory_stats()["peak_bytes_in_use"],
    planned_bytes=planned_bytes,
    empty_caches=empty_caches,
    from_disk=from_disk,
)


@dataclass(frozen=True)
class JaxMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    optimizers: Mapping[str, Builder] = field(default_factory=dict)
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

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return super().unsupported(case, problem) or self._missing_optax(case)

    def _missing_optax(self, case: Case) -> str | None:
        if self.losses.get(case.problem) in jax_losses.OF_OPTAX:
            return jax_losses.missing_optax(f"the loss of {case.problem}")
        if self.optimizers.get(case.optimizer) in jax_optimizers.OF_OPTAX:
            return jax_losses.missing_optax(f"the {case.optimizer} of {self.name}")
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
        function, program = function_of(run), program_of(run)
        if program is not None:
            return jax_operations.counted(function.lower(*arguments_of(run, arguments)), program)
        # Not jitted: its operations are those of the program that jitting it would make.
        if isinstance(run, Stepwise):
            return jax_operations.counted(jax.jit(function).lower(*arguments_of(run, arguments)), None)
        return jax_operations.counted(jax.jit(run).lower(*arguments), None)


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
        {MOMENTUM: optimized_jit, ADAM: optimized_jit, LBFGS: lbfgs_jit},
        in_default=True,
        writes="`jax.jit` of one step; the loop in Python",
        wins="when Python must see each step; passes `numpy` between 100 and 10,000",
    ),
    JaxMode(
        "jax-loop",  # without a loop, its programs would be those of `jax-jit`
        {"descent": descent_loop},
        {MOMENTUM: optimized_loop, ADAM: optimized_loop, LBFGS: lbfgs_loop},
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
    JaxMode(
        "jax-losses",
        JITTED | {"descent": descent_jit},
        losses=jax_losses.LOSSES,
        writes="`jax-jit`, with the losses of `jax.nn` and optax, such as `dot_product_attention`",
        wins="ahead of `jax-jit` on `attention` and `softmax_mlp`; never on `logistic`",
    ),
)
