"""Is a step of `momentum` or `adam` right? It is made from a state that is drawn for it, and held to the reference's.

From the state of a descent, few digits of a step of `adam` could be checked: where the gradient is near 0, rounding
turns the step around. The moments are therefore drawn, of the size that the gradient has, and none of them near 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backends import Backend, Case, Optimized, Run, place
from bench.case.check.errors import largest, magnitude, move_error, relative_error, require_close
from bench.case.check.kept import kept, named
from bench.case.check.question import nudged
from bench.case.check.reference import allowed_error, arguments, double
from problems import (
    BETA2,
    MOMENTS,
    Array,
    Moments,
    Parameters,
    Problem,
    State,
    direction,
    tree_leaves,
    tree_map,
    tree_unflatten,
    updated,
)

KEEP_MOMENTS = tuple(name for name, count in MOMENTS.items() if count)
"""The optimizers whose builders return an `Optimized`."""

NUMBER = 3
"""The number of the step that is checked. The bias of `adam` is far from gone, and is not that of the first step."""

LOST = 1.0 / (1.0 - BETA2**NUMBER)
"""How many roundings make one in the step of `adam` where 1 − β₂ᵗ is computed in the case's dtype, as optax does."""

ULPS = 2.0
"""By how many roundings of the parameters a step may be off: it is added to them, and it may be small."""


def require_update(case: Case, backend: Backend, problem: Problem, run: Run) -> float:
    """Return the error of one step from a drawn state, against the reference's.

    Raise `WrongResultError` if the step or its moments are wrong, and `TypeError` if the descent has no `update`.
    """
    if not isinstance(run, Optimized):
        raise TypeError(f"{case.backend}: its builder of {case.optimizer} must return a backends.Optimized")
    state = drawn(case, problem)
    data = arguments(case, problem)[-1]
    x, *moments, placed = place(backend, case, state.x, *state.moments, data)
    result = run.update(x, tuple(moments), NUMBER, placed)
    backend.wait(result, case)
    allowed = allowed_error(backend, case)
    error = update_error(case, problem, state, backend.fetch(result, case), allowed)
    require_close(case, error, allowed, "in its step from a drawn state")
    return error


def update_error(
    case: Case, problem: Problem, state: State, result: tuple[Parameters, Moments], allowed: float
) -> float:
    """Return the error of the parameters and of each of the moments after the step."""
    start = double((state.x,))[0]
    right = right_update(case, problem)
    x, moments = result
    rounding = ULPS * float(np.finfo(case.dtype).eps)
    least = tree_map(lambda array: rounding * magnitude(array) / allowed, start)
    ours, theirs = tuple(moments), right[1]
    if len(ours) != len(theirs):
        return float("inf")
    errors = [relative_error(own, of, dtype=case.dtype) for own, of in zip(ours, theirs, strict=True)]
    return largest(move_error(start, x, right[0], least, case.dtype), *errors)


def right_update(case: Case, problem: Problem) -> tuple[Parameters, Moments]:
    """Return the reference's step from the drawn state, in float64."""
    state, data = drawn(case, problem), arguments(case, problem)[-1]
    x, *moments = double((state.x, *state.moments))
    given = State(x, tuple(moments), NUMBER)

    def step() -> Parameters:
        rate = problem.rate_at(x, data)
        return updated(problem.gradient, case.optimizer, rate, given, double((data,))[0])

    arrays = kept(("update", *_key(case, problem)), step)
    each = len(tree_leaves(x))
    parts = [tree_unflatten(x, arrays[first : first + each]) for first in range(0, len(arrays), each)]
    return parts[0], tuple(parts[1:])


def drawn(case: Case, problem: Problem) -> State:
    """Return a state of the case's optimizer, in the case's dtype: a nudged start, and moments of the gradient's size.

    The first moment is a direction, the second is positive.
    """
    x = nudged(case, problem)
    given = double((x, arguments(case, problem)[-1]))
    sizes = kept(("sizes of the gradient", *_key(case, problem)), lambda: _sizes(problem.gradient(*given)))
    like = tree_unflatten(x, list(sizes))
    first = _moment(case, problem, x, like, "moment")
    if MOMENTS[case.optimizer] == 1:
        return State(x, (first,), NUMBER)
    root = _moment(case, problem, x, like, "second moment")
    bias = 1.0 - BETA2**NUMBER  # so that it has the gradient's size once it is corrected, and ε shows
    second = tree_map(lambda array, size: _like(bias * np.square(np.abs(array) + 0.5 * size), array), root, like)
    return State(x, (first, second), NUMBER)


def _moment(case: Case, problem: Problem, x: Parameters, sizes: Parameters, which: str) -> Parameters:
    noise = direction(problem, case.batch_size, x, which)
    return tree_map(lambda array, size: _like(array * size, array), noise, sizes)


def _like(array: Array, of: Array) -> Array:
    array = np.asarray(array, dtype=of.dtype)
    array.setflags(write=False)
    return array


def _sizes(gradient: Parameters) -> Parameters:
    """Return the size of each of the gradient's arrays; of an array that is near 0, that of the largest."""
    largest_of_all = max(map(magnitude, tree_leaves(gradient))) or 1.0
    return tuple(np.array(max(magnitude(array), 1e-3 * largest_of_all)) for array in tree_leaves(gradient))


def _key(case: Case, problem: Problem) -> tuple[object, ...]:
    return named(problem), vars(replace(case, backend="", device=""))
