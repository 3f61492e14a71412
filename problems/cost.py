"""What a step cannot avoid, in any framework: the bytes that move, and the floating-point operations.

The bytes follow from the arrays: each array that the operator takes is read once, and a result that is shaped like the
parameters is written once. The operations are each problem's own count, `Problem.flops`. It counts the formula in the
problem's docstring, computed as sparingly as its hand-derived gradient: an addition, a product, a comparison and an
exponential count one each, and terms that the batch does not multiply count nothing. Both are lower bounds: they
include no allocation, and no second pass over an array that left the cache. A value and a gradient in one pass share
operations that nobody counts: they take at least as many as the one that takes more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from problems.operators import ALONG, PAIR, WRITES
from problems.optimizers import ADAM, MOMENTS, MOMENTUM, SGD
from problems.parameters import Data, Parameters, tree_leaves
from problems.problem import Problem

UPDATE = {SGD: 2, MOMENTUM: 4, ADAM: 12}
"""Operations that a step of a descent adds to its gradient, for each parameter: those of `problems.optimizers`."""


class StepTraffic(NamedTuple):
    """The bytes that a step must move at least, by what happens to them.

    `updated` are read and written in place. `written` are read from one array and written to another: each array counts
    half of them. `read` are only read. `memory` is how many bytes the arrays of the step take.
    """

    updated: int
    written: int
    read: int
    memory: int


def step_traffic(operator: str, x: Parameters, data: Data, optimizer: str = SGD) -> StepTraffic:
    """Return what one call of the operator, or one step of a descent by the optimizer, must read and write at least.

    A descent updates its parameters and its moments in place. The other operators may not modify their arguments, so a
    result that is shaped like the parameters is an array of its own.
    """
    arrays = 2 if operator in ALONG else 1
    read = arrays * _bytes(x) + _bytes(data)
    if operator not in WRITES:
        return StepTraffic(0, 0, read, read)
    moved, others = 2 * _bytes(x), read - _bytes(x)
    if operator == "descent":
        kept = MOMENTS[optimizer] * _bytes(x)
        return StepTraffic(moved + 2 * kept, 0, others, read + kept)
    return StepTraffic(0, moved, others, moved + others)


def step_bytes(operator: str, x: Parameters, data: Data) -> int:
    """Return the bytes that one call of the operator, or one step of a descent, must read and write at least."""
    traffic = step_traffic(operator, x, data)
    return traffic.updated + traffic.written + traffic.read


def step_flops(operator: str, problem: Problem, x: Parameters, data: Data, optimizer: str = SGD) -> float | None:
    """Return the floating-point operations that one call, or one step of a descent by the optimizer, must do at least.

    `None` if the problem has no count, and for products with a direction: their minimum depends on how they are
    derived.
    """
    if problem.flops is None or operator in ALONG:
        return None
    value, gradient = problem.flops(x, data)
    if operator == "value":
        return value
    if operator == PAIR:
        return max(value, gradient)
    moved = sum(array.size for array in tree_leaves(x)) if operator == "descent" else 0
    return gradient + UPDATE[optimizer] * moved


def _bytes(x: Any) -> int:
    return sum(array.nbytes for array in tree_leaves(x))
