"""Numba: the hand-derived gradient, compiled. Beside `jax-loop` it shows whether autodiff wins, or the fused loop.

`numba-jit`   one step compiled, with its update in place; the loop in Python
`numba-loop`  the whole descent in one compiled loop

What is compiled is the gradient in `backends.parts.numba_gradients`, written as users of Numba write, or else the
problem's own `gradient` as it is. The options are Numba's defaults, without `fastmath`, but a division by zero gives
what NumPy's does. Parts of Numba itself, such as its product of matrices, are compiled once in a process: only the
first case that uses such a part has that in its `compile_seconds`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import extending, types
from numba.core import event

from backends import Backend, Builder, Case, Probes, Run, StepwiseInPlace
from backends.parts.numba_gradients import GRADIENTS
from problems import Array, Data, Parameters, Problem, form, instance, tree_leaves
from problems.parameters import NESTED

MAX_REASON = 200
"""How many characters of Numba's error a reason has at most."""


def copied(x: Parameters) -> Parameters:
    """Return a copy of x: an array, or a tuple of arrays. Compiled code alone calls it."""
    raise NotImplementedError  # what compiled code calls is the implementation that is registered below


def move(x: Parameters, gradient: Parameters, rate: Array) -> None:
    """Make one step in the memory of x. Compiled code alone calls it."""
    raise NotImplementedError  # what compiled code calls is the implementation that is registered below


def _copied(x: Any) -> Any:
    """Return the implementation of `copied` for arguments of these types. A tuple is its first array and the others.

    Numba asks for the same annotations in both.
    """

    def array(x: Any) -> Any:
        return x.copy()

    def arrays(x: Any) -> Any:
        return (copied(x[0]), *copied(x[1:]))

    def nothing(x: Any) -> Any:
        return x

    return array if isinstance(x, types.Array) else arrays if len(x) else nothing


def _move(x: Any, gradient: Any, rate: Any) -> Any:
    """Return the implementation of `move` for arguments of these types."""

    def array(x: Any, gradient: Any, rate: Any) -> Any:
        position, change = x.reshape(-1), gradient.ravel()
        for i in range(len(position)):
            position[i] -= rate * change[i]

    def arrays(x: Any, gradient: Any, rate: Any) -> Any:
        move(x[0], gradient[0], rate)
        move(x[1:], gradient[1:], rate)

    def nothing(x: Any, gradient: Any, rate: Any) -> Any:
        pass

    return array if isinstance(x, types.Array) else arrays if len(x) else nothing


extending.overload(copied)(_copied)
extending.overload(move)(_move)


@cache
def jitted(function: Callable[..., Any]) -> Any:
    """Return the function as one that Numba compiles, for each signature at its first call or at `compile`."""
    return numba.njit(error_model="numpy")(function)


@cache
def _descend(gradient: Any) -> Any:
    def descend(x: Parameters, data: Data, rate: Array, steps: int) -> Parameters:
        position = copied(x)
        for _ in range(steps):
            move(position, gradient(position, data), rate)
        return position

    return jitted(descend)


@cache
def _step(gradient: Any, rate: Array) -> Any:
    def step(x: Parameters, *data: Array) -> None:
        move(x, gradient(x, data), rate)

    return jitted(step)


def gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    run: Run = _gradient(problem)
    _compile(run, x, data)
    return run


def descent_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def copy(x: Parameters) -> Parameters:
        return tree.map(np.copy, x)

    tree, step = form(x), _step(_gradient(problem), _rate(problem, x, data))
    step(copy(x), *data)  # compiles it
    return StepwiseInPlace(step, case.steps, copy)


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    descend, rate, steps = _descend(_gradient(problem)), _rate(problem, x, data), case.steps
    _compile(descend, x, data, rate, steps)
    return lambda x, data: descend(x, data, rate, steps)


def _gradient(problem: Problem) -> Any:
    return jitted(GRADIENTS.get(problem.name, problem.gradient))


def _rate(problem: Problem, x: Parameters, data: Data) -> Array:
    """Return the rate in the dtype of the parameters: Numba makes float64 of a Python number times a float32."""
    return tree_leaves(x)[0].dtype.type(problem.rate_at(x, data))


def _compile(function: Any, *arguments: Any) -> None:
    function.compile(tuple(map(numba.typeof, arguments)))


def _why_not(problem: Problem, dtype: str) -> str | None:
    """Return why Numba cannot compile the gradient; `None` if it can."""
    if problem.name in GRADIENTS:
        return None
    x, data = instance(problem, 1, dtype)
    if form(x) is NESTED:
        return "numba compiles a gradient by one array, or by a tuple of arrays; here they are nested otherwise"
    return _why_not_compiled(problem.gradient, numba.typeof(x), numba.typeof(data))


@cache
def _why_not_compiled(function: Callable[..., Any], *signature: Any) -> str | None:
    try:
        jitted(function).compile(signature)
    except Exception as error:  # noqa: BLE001 (what its compiler cannot do, Numba says by exceptions of many kinds)
        return f"numba cannot compile the hand-derived gradient: {_cause(error)}"
    return None


def _cause(error: Exception) -> str:
    """Return the line of Numba's error that says what it cannot compile."""
    lines = [re.sub(r" at 0x\w+", "", line).strip() for line in str(error).splitlines()]
    told = (line for line in lines if line and not line.startswith(("Failed in", "- Resolution failure")))
    return next(told, type(error).__name__)[:MAX_REASON]


class _Counter(event.Listener):  # type: ignore[misc]
    """Counts how many functions Numba has compiled, its own among them."""

    count = 0

    def on_start(self, event: Any) -> None:
        self.count += 1

    def on_end(self, event: Any) -> None:
        pass


COUNTER = _Counter()
event.register("numba:compile", COUNTER)


@contextmanager
def _empty_caches() -> Iterator[None]:
    """Forget what was compiled of ours."""
    for function in (jitted, _descend, _step):
        function.cache_clear()
    yield


@dataclass(frozen=True)
class NumbaMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    compiled = True
    probes = Probes(compilations=lambda: COUNTER.count, threads=lambda: 1, empty_caches=_empty_caches)

    def version(self) -> str:
        return numba.__version__

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if not problem.is_derived:
            return f"{problem.name} has no hand-derived gradient"
        return super().unsupported(case, problem) or _why_not(problem, case.dtype)

    def warm_up(self, case: Case) -> None:
        _start_compiler()


@cache
def _start_compiler() -> None:
    """Start LLVM and load what every array needs: seconds that a process pays once."""
    numba.njit(lambda x: x + x)(np.ones(1))


BACKENDS = (
    NumbaMode(
        "numba-jit",
        {"gradient": gradient, "descent": descent_jit},
        writes="`numba.njit` of one step with the derivative by hand; the loop in Python",
        wins="when the derivative is known, and Python must see each step",
    ),
    NumbaMode(
        "numba-loop",
        {"descent": descent_loop},
        in_default=True,
        writes="`numba.njit` of the whole descent with the derivative by hand",
        wins="small arrays, with a derivative by hand; never where `exp` or `tanh` of many elements takes the time",
    ),
)
