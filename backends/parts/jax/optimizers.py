"""The descents of the JAX modes by another optimizer than plain descent: optax's, or SciPy's on a jitted loss.

`problems.optimizers` states the conventions: optax's own, of `optax.sgd(momentum=…)` and `optax.adam`. The state of an
optimizer of optax is a tuple, whose first part has the moments. optax is an extra, imported where a descent is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from backends import Case, Optimized, Run, WithState, spread
from backends.builders import OwnState
from backends.parts.jax.builders import compiled, gradient, value, value_and_gradient
from problems import (
    ADAM,
    DECAY,
    MOMENTUM,
    Array,
    Data,
    Moments,
    Parameters,
    Problem,
    lbfgs,
    lbfgs_tolerance,
    tree_leaves,
    tree_map,
)
from problems.optimizers import BETA1, BETA2, EPSILON, HISTORY

MOMENTS = {MOMENTUM: ("trace",), ADAM: ("mu", "nu")}
"""The names of the moments in optax's state."""


@dataclass(frozen=True)
class Moving:
    """An optimizer of optax: `step(x, state, *data)`, `init(x)` for the state before the first step, and the moments.

    `step` returns the parameters and the state after the step. `names` are those of the moments in the state.
    """

    step: Callable[..., tuple[Parameters, OwnState]]
    init: Callable[[Parameters], OwnState]
    names: tuple[str, ...]

    def start(self, x: Parameters) -> tuple[Parameters, OwnState]:
        """Return a copy of the parameters, and the state before the first step."""
        return tree_map(jnp.copy, x), self.init(x)

    def updated(
        self, step: Callable[..., Any], x: Parameters, moments: Moments, number: int, data: Data
    ) -> tuple[Parameters, Moments]:
        """Return the parameters and the moments after one call of `step`, which may take over what it gets."""
        x, (first, *others) = self.start(x)
        copies = {name: tree_map(jnp.copy, moment) for name, moment in zip(self.names, moments, strict=True)}
        if "count" in first._fields:  # a named tuple has a method of this name, too
            copies["count"] = jnp.full_like(first.count, number - 1)
        x, state = step(x, (first._replace(**copies), *others), *data)
        return x, tuple(getattr(state[0], name) for name in self.names)


def moving(problem: Problem, case: Case, x: Parameters, data: Data) -> Moving:
    """Return the optimizer of the case, `momentum` or `adam`, for parameters like `x`."""
    import optax  # noqa: PLC0415 (an extra)

    rate, derivative = problem.rate_at(x, data), gradient(problem)
    if case.optimizer == MOMENTUM:
        optimizer = optax.sgd(rate, momentum=DECAY)
    else:
        optimizer = optax.adam(rate, b1=BETA1, b2=BETA2, eps=EPSILON)

    def step(x: Parameters, state: OwnState, *data: Array) -> tuple[Parameters, OwnState]:
        changes, state = optimizer.update(derivative(x, *data), state, x)
        return optax.apply_updates(x, changes), state

    return Moving(step, optimizer.init, MOMENTS[case.optimizer])


def optimized_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by a jitted step of optax, which takes over the parameters and the state that it gets."""
    moves = moving(problem, case, x, data)
    start = compiled(moves.start, x)
    step = compiled(moves.step, *start(x), *data, donate_argnums=(0, 1))
    return Optimized(WithState(step, case.steps, start), partial(moves.updated, step), _optax())


def optimized_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by optax as one `lax.fori_loop`, whose state begins and ends in it."""
    moves, steps = moving(problem, case, x, data), case.steps

    def loop(x: Parameters, *data: Array) -> Parameters:
        return jax.lax.fori_loop(0, steps, lambda _, at: moves.step(*at, *data), (x, moves.init(x)))[0]

    run = spread(compiled(loop, x, *data), case.operator)
    return Optimized(run, partial(moves.updated, jax.jit(moves.step)), _optax())


def lbfgs_jit(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by SciPy's L-BFGS-B, which calls a jitted value and gradient, with x on the host."""
    program = compiled(value_and_gradient(problem), x, *data)

    @wraps(program, assigned=(), updated=())
    def both(x: Parameters, data: Data) -> tuple[Array, Parameters]:
        reached, derivative = program(x, *data)
        return np.asarray(reached), tree_map(np.asarray, derivative)

    return lbfgs(both, case.steps, tree_map(np.asarray, x), data)


@dataclass(frozen=True)
class Searching:
    """A descent by `optax.lbfgs` in one program, which ends as `problems.optimizers` says of `lbfgs`."""

    run: Run
    library: str

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        return self.run(x, data)

    @property
    def __wrapped__(self) -> Run:
        return self.run


def lbfgs_loop(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Build the descent by `optax.lbfgs` as one `lax.while_loop`, with optax's own line search."""
    import optax  # noqa: PLC0415 (an extra)

    optimizer, loss, steps = optax.lbfgs(memory_size=HISTORY), value(problem), case.steps
    first = jax.jit(lambda x, *data: _largest(gradient(problem)(x, *data)))(x, *data)
    tolerance = lbfgs_tolerance(case.dtype) * float(first)

    def loop(x: Parameters, *data: Array) -> Parameters:
        def at(x: Parameters) -> Array:
            return loss(x, *data)

        both = optax.value_and_grad_from_state(at)  # the line search has computed them already

        def move(carry: Any) -> Any:
            x, state, done, _ = carry
            reached, derivative = both(x, state=state)
            changes, state = optimizer.update(derivative, state, x, value=reached, grad=derivative, value_fn=at)
            return optax.apply_updates(x, changes), state, done + 1, _largest(state[-1].grad)

        def goes_on(carry: Any) -> Any:
            *_, done, left = carry
            return (done < steps) & (left > tolerance)

        return jax.lax.while_loop(goes_on, move, (x, optimizer.init(x), 0, jnp.inf))[0]

    return Searching(spread(compiled(loop, x, *data), case.operator), _optax())


def _largest(derivative: Parameters) -> Array:
    return jnp.max(jnp.stack([jnp.max(jnp.abs(array)) for array in tree_leaves(derivative)]))


def _optax() -> str:
    return f"optax {version('optax')}"


OF_OPTAX = (optimized_jit, optimized_loop, lbfgs_loop)
"""The builders that need optax."""
