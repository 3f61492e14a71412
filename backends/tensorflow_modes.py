"""TensorFlow: operation by operation, one step in a `tf.function`, the same compiled by XLA, and the whole descent.

`tensorflow-eager`     `tf.GradientTape`, operation by operation
`tensorflow-function`  one step in a `tf.function`: a graph, which TensorFlow's own executor runs; the loop in Python
`tensorflow-xla`       one step in a `tf.function` with `jit_compile=True`: XLA compiles it; the loop in Python
`tensorflow-loop`      the whole descent in one `tf.while_loop`, compiled by XLA

The loss is in `tf.experimental.numpy`, whose behaviour is enabled for all tensors. A step updates variables in place,
as Keras's optimizers do. TensorFlow computes on the CPU here, and sees no GPU: it would take all its memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from backends import Backend, Builder, Case, Flat, Probes, Run, StepwiseInPlace, eager, examples, spread, step
from problems import Array, Data, Parameters, Problem, tree_leaves, tree_map


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide TensorFlow's notes about itself, also in later use, unless `TF_CPP_MIN_LOG_LEVEL` is 0.

    It prints four lines at each import, whatever the level is, from C++: so standard error is closed to all meanwhile.
    An import that fails raises, and that is not hidden. JAX sets the level to 1 where it is not set, as is done here.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1") == "0":
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _quiet():
    import tensorflow as tf
    import tensorflow.experimental.numpy as tnp

    tnp.experimental_enable_numpy_behavior()
    tf.config.set_visible_devices([], "GPU")

ZERO = tf.UnconnectedGradients.ZERO
"""What the derivative by parameters is that a loss does not use."""


def value(problem: Problem) -> Flat:
    return lambda x, *data: problem.loss(tnp, x, data)


def gradient(problem: Problem) -> Flat:
    loss = value(problem)

    def derivative(x: Parameters, *data: Array) -> Parameters:
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = loss(x, *data)
        # The derivative by an array that was indexed by an array is a list of its rows until it is converted.
        return tree_map(tf.convert_to_tensor, tape.gradient(result, x, unconnected_gradients=ZERO))

    return derivative


def jvp(problem: Problem) -> Flat:
    return _along(value(problem))


def hvp(problem: Problem) -> Flat:
    return _along(gradient(problem))


def hvp_reverse_over_reverse(problem: Problem) -> Flat:
    derivative = gradient(problem)

    def product(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = derivative(x, *data)
        pulled = tape.gradient(result, x, output_gradients=v, unconnected_gradients=ZERO)
        return tree_map(tf.convert_to_tensor, pulled)

    return product


def _along(function: Flat) -> Flat:
    """Return the derivative of `function` along a direction, by forward mode."""

    def derivative(x: Parameters, v: Parameters, *data: Array) -> Parameters:
        with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
            result = function(x, *data)
        return accumulator.jvp(result, unconnected_gradients=ZERO)

    return derivative


def traced(derive: Callable[[Problem], Flat], *, xla: bool) -> Builder:
    """Return the builder of the same operator in a `tf.function`."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(_traced(derive(problem), *examples(case.operator, x, data), xla=xla), case.operator)

    return build


def descent(*, xla: bool | None) -> Builder:
    """Return the builder of a descent with one step in a `tf.function`, compiled by XLA or not; `None`: in none.

    The variables are made here, once. The result is made of them: the next call overwrites it.
    """

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        variables, rate = tree_map(tf.Variable, x), problem.rate_at(x, data)
        leaves = tree_leaves(variables)

        def move(*data: Array) -> None:
            with tf.GradientTape() as tape:
                loss = problem.loss(tnp, tree_map(tf.convert_to_tensor, variables), data)
            gradients = tape.gradient(loss, leaves, unconnected_gradients=ZERO)
            for variable, derivative in zip(leaves, gradients, strict=True):
                variable.assign_sub(rate * tf.convert_to_tensor(derivative))

        once = move if xla is None else _traced(move, *data, xla=xla)
        return StepwiseInPlace(lambda _, *data: once(*data), case.steps, partial(_assigned, variables))

    return build


def _assigned(variables: Parameters, x: Parameters) -> Parameters:
    for variable, array in zip(tree_leaves(variables), tree_leaves(x), strict=True):
        variable.assign(array)
    return variables


def descent_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    move, steps = step(gradient(problem), problem.rate_at(x, data), x), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        (end,) = tf.while_loop(lambda _: True, lambda x: (move(x, *data),), (x,), maximum_iterations=steps)
        return end

    return spread(_traced(loop, x, *data, xla=True), case.operator)


_traces: list[str] = []
"""The name of each function that was traced so far, as often as it was."""


def _traced(function: Flat, *arguments: Parameters, xla: bool) -> Flat:
    """Return `function` in a `tf.function`, traced for arguments like these.

    It was called once, since XLA compiles in the first call. A later one runs none of its Python, unless its arguments
    have other shapes.
    """

    def counted(*arguments: Parameters) -> Parameters:
        _traces.append(function.__name__)
        return function(*arguments)

    # AutoGraph would rewrite the loss so that `if` and `while` may depend on tensors, which no other framework takes.
    run = tf.function(counted, jit_compile=xla, autograph=False)
    run(*arguments)
    return run


def _threads() -> int:
    """Return how many threads compute one operation. By default it is how many CPUs the process may run on."""
    stated = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if str(stated).isdecimal() and int(stated):
        return int(stated)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_warming = tf.function(tf.sin, jit_compile=True)
"""A small program. It is traced once for each dtype: TensorFlow warns of a function that is traced again and again."""


@dataclass(frozen=True)
class TensorflowMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    compiled: bool = True
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    probes = Probes(compilations=lambda: len(_traces), threads=_threads)

    def version(self) -> str:
        return str(tf.__version__)

    def warm_up(self, case: Case) -> None:
        """Start XLA's compiler."""
        _warming(tf.ones(1, case.dtype))

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        return tuple(map(tf.constant, arrays))

    # On a CPU, a call returns when it has computed: `wait` has nothing to do.

    def fetch(self, result: Parameters, case: Case) -> Any:
        return tree_map(lambda tensor: tensor.numpy(), result)


DERIVED = {"value": value, "gradient": gradient, "hvp": hvp, "jvp": jvp}
# After some calls with other shapes, forward mode is traced for all shapes, and XLA's slices then lack a derivative.
XLA = DERIVED | {"hvp": hvp_reverse_over_reverse}

BACKENDS = (
    TensorflowMode(
        "tensorflow-eager",
        {name: eager(derive) for name, derive in DERIVED.items()} | {"descent": descent(xla=None)},
        compiled=False,
        writes="`tf.GradientTape`, and `variable.assign_sub`, without `tf.function`",
        wins="for debugging; never ahead of `numpy`, and the slowest of TensorFlow",
    ),
    TensorflowMode(
        "tensorflow-function",
        {name: traced(derive, xla=False) for name, derive in DERIVED.items()} | {"descent": descent(xla=False)},
        in_default=True,
        writes="`tf.function` of one step; the loop in Python",
        wins="when Python must see each step; never ahead of `numpy` up to 10,000",
    ),
    TensorflowMode(
        "tensorflow-xla",
        {name: traced(derive, xla=True) for name, derive in XLA.items()} | {"descent": descent(xla=True)},
        writes="`tf.function(jit_compile=True)` of one step; the loop in Python",
        wins="ahead of `tensorflow-function` at 10,000; never ahead of `numpy` up to 10,000",
    ),
    TensorflowMode(
        "tensorflow-loop",
        {"descent": descent_loop},
        in_default=True,
        writes="`tf.function(jit_compile=True)` of the whole descent, in `tf.while_loop`",
        wins="the fastest in TensorFlow; near `numpy`, and not proven to be ahead of it up to 10,000",
    ),
)
