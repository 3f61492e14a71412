"""Is the reference itself right? What was derived by hand is held to central differences, in float64.

Every backend is held to the hand-derived gradient. If that gradient is wrong, every backend that differentiates the
loss would be blamed, and NumPy alone would keep its time. So a problem with a wrong gradient gives nobody a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from bench.case.check.errors import alike, largest
from bench.case.check.kept import kept, named
from problems import PAIR, Array, Parameters, Problem, hand_derived, instance, tree_leaves, tree_map, tree_unflatten

MAX_ERROR = 1e-5
"""How far a right derivative may be from a central difference, relative to its size along the direction.

The derivatives of the project's own problems are off by less than 1e-7, and a test holds them to it.
"""

MAX_BATCH_SIZE = 1000
"""Larger batches are checked at this batch size: the formula is the same, and this takes only a moment."""

STEPS = (6e-6, 6e-7, 6e-8)
"""The steps of central differences, relative to the parameters. A derivative is right if it is at one of them.

The first is the cube root of float64's ε: there the error of the difference is about that of the rounding. The others
are for losses with kinks, such as a rectifier's: the shorter the step, the fewer kinks lie within it.
"""

ROUNDING = 1e-14
"""How much of a loss may be rounding: some tens of float64's ε. What it makes of a difference is no error.

The gradient of a parameter without effect, such as a bias before a softmax, is rounding alone.
"""

DIRECTIONS = 3
"""How many random directions are tried, over all arrays of the parameters and over each one alone."""


class WrongReferenceError(Exception):
    """The reference contradicts its own loss, so no backend can be checked against it."""


def require_right(problem: Problem, operator: str, batch_size: int) -> float:
    """Return how far the gradient is from central differences of the loss.

    Raise `WrongReferenceError` if what was derived by hand for this operator contradicts the loss.
    The gradient is compared with the loss. The loss's fast form is too, if the operator is `value`, and both from one
    pass, if it is `value_and_gradient`. The Hessian-vector product is compared with the gradient, if it is `hvp`.
    """
    errors = _errors(problem, operator, min(batch_size, MAX_BATCH_SIZE))
    for what, error in errors:
        if not error <= MAX_ERROR:  # not `>`: a NaN is wrong too
            raise WrongReferenceError(
                f"the reference's {what} of {problem.name} is off by {error:.2g} from what its loss says in float64, "
                "so no backend can be checked against it"
            )
    return errors[0][1]


@lru_cache(maxsize=256)
def _errors(problem: Problem, operator: str, batch_size: int) -> list[tuple[str, float]]:
    also = operator if operator in {"value", "hvp", PAIR} else ""
    (errors,) = kept(("derivation", named(problem), also, batch_size), lambda: _measured(problem, also, batch_size))
    return list(zip(("gradient", also), errors.tolist(), strict=False))


def _measured(problem: Problem, also: str, batch_size: int) -> Array:
    x, data = instance(problem, batch_size, "float64")

    def loss(x: Parameters) -> Any:
        return problem.numpy_loss(x, data)

    def gradient(x: Parameters) -> Parameters:
        return problem.gradient(x, data)

    along, derived = list(_directions(x)), gradient(x)
    errors = [max(_gradient_error(loss, derived, x, v) for v in along)]
    if also == "value":
        errors.append(_value_error(hand_derived("value", problem, 1, x, data)(x, data), loss(x)))
    if also == PAIR:
        value, both = hand_derived(PAIR, problem, 1, x, data)(x, data)
        errors.append(largest(_value_error(value, loss(x)), *(_gradient_error(loss, both, x, v) for v in along)))
    if also == "hvp":
        product = hand_derived("hvp", problem, 1, x, data)
        errors.append(max(_product_error(gradient, product(x, v, data), x, v) for v in along))
    return np.array(errors)


def _directions(x: Parameters) -> Iterator[Parameters]:
    """Yield directions at random: of all arrays of the parameters, then of each array alone.

    An array moves by about its own size, so that a small array is not lost beside a large one.
    """
    rng = np.random.default_rng(0)
    leaves = tree_leaves(x)
    for chosen in [range(len(leaves)), *([index] for index in range(len(leaves)) if len(leaves) > 1)]:
        for _ in range(DIRECTIONS):
            moves = [
                rng.standard_normal(array.shape) * (np.max(np.abs(array)) or 1.0) if index in chosen else 0.0 * array
                for index, array in enumerate(leaves)
            ]
            yield tree_unflatten(x, moves)


def _moved(x: Parameters, v: Parameters, step: float) -> Parameters:
    return tree_map(lambda array, move: array + step * move, x, v)


def _value_error(value: Array, loss: Array) -> float:
    """Return how far the value is from the loss, relative to it; infinite if it is not one number."""
    return float(abs(value - loss) / (abs(loss) or 1.0)) if np.shape(value) == () else math.inf


def _gradient_error(loss: Callable[[Parameters], Any], gradient: Parameters, x: Parameters, v: Parameters) -> float:
    """Return how far the gradient along `v` is from a central difference of the loss.

    It is relative to the length of the products that the gradient along `v` is the sum of: their sum itself may be
    near 0. It is infinite if the gradient is not shaped like `x`.
    """
    if not alike(gradient, x):
        return math.inf
    terms = [g * move for g, move in zip(tree_leaves(gradient), tree_leaves(v), strict=True)]
    size = np.sqrt(sum(float(np.sum(term * term)) for term in terms))
    derived = sum(float(np.sum(term)) for term in terms)

    def error(step: float) -> float:
        ahead, behind = float(loss(_moved(x, v, step))), float(loss(_moved(x, v, -step)))
        return _relative(derived - (ahead - behind) / (2.0 * step), ROUNDING * abs(ahead) / step, size)

    return _least(error)


def _product_error(
    gradient: Callable[[Parameters], Parameters], product: Parameters, x: Parameters, v: Parameters
) -> float:
    """Return how far the product is from a central difference of the gradient, relative to its largest number.

    It is infinite if the product is not shaped like `x`.
    """
    if not alike(product, x):
        return math.inf

    def error(step: float) -> float:
        ahead, behind = gradient(_moved(x, v, step)), gradient(_moved(x, v, -step))
        difference = tree_map(lambda after, before: (after - before) / (2.0 * step), ahead, behind)
        pairs = list(zip(tree_leaves(product), tree_leaves(difference), strict=True))
        size = max(float(np.max(np.abs(right))) for _, right in pairs)
        rounding = ROUNDING * max(float(np.max(np.abs(array))) for array in tree_leaves(ahead)) / step
        return _relative(max(float(np.max(np.abs(got - right))) for got, right in pairs), rounding, size)

    return _least(error)


def _least(error: Callable[[float], float]) -> float:
    """Return the first error that is small enough, or else the least, of the differences with `STEPS`."""
    errors: list[float] = []
    for step in STEPS:
        errors.append(error(step))
        if errors[-1] <= MAX_ERROR:
            break
    return float(np.nanmin(errors)) if not np.isnan(errors).all() else np.nan


def _relative(error: float, rounding: float, size: float) -> float:
    """Return the part of the error that rounding does not explain, relative to `size` if that is not 0."""
    beyond = max(abs(error) - rounding, 0.0) if np.isfinite(error) else abs(error)
    return beyond / size if size > 0.0 else beyond
