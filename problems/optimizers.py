"""The optimizers of a descent in hand-derived NumPy, and the conventions that every backend is held to.

g is the gradient at x, η the learning rate, t the number of the step, from 1. Moments are 0 at first.

`sgd`       x ← x − η g
`momentum`  m ← μ m + g;  x ← x − η m. The heavy ball of Polyak (1964), without dampening and without Nesterov's term:
            the form and the default of `torch.optim.SGD(momentum=0.9)` and of `optax.sgd(momentum=0.9)`.
`adam`      m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  x ← x − η m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
            v̂ = v / (1 − β₂ᵗ). Algorithm 1 of Kingma and Ba (2015): ε is outside of the root, and is added after the
            correction of the bias. The form and the defaults of `torch.optim.Adam` and of `optax.adam`.
`lbfgs`     the last `HISTORY` pairs of steps and gradients approximate the curvature, and a line search chooses the
            length of each step (Liu and Nocedal 1989). It ends when the largest |g| is at most `lbfgs_tolerance` of
            that at the start, or after so many steps. Line searches differ, so two backends take different paths.

A step of `momentum` and `adam` is written as an expert would write it: in place, in arrays that are allocated once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from problems.descent import Descent, Gradient
from problems.parameters import Array, Data, Parameters, form, tree_leaves, tree_map, tree_unflatten
from problems.problem import ValueAndGradient

SGD, MOMENTUM, ADAM, LBFGS = "sgd", "momentum", "adam", "lbfgs"

OPTIMIZERS = (SGD, MOMENTUM, ADAM, LBFGS)

MOMENTS = {SGD: 0, MOMENTUM: 1, ADAM: 2}
"""How many moments an optimizer keeps: arrays like each of the parameters. `lbfgs` keeps a history instead."""

DECAY = 0.9
"""μ of `momentum`."""

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""The constants of `adam`."""

HISTORY = 10
"""How many pairs `lbfgs` keeps: the default of SciPy and of optax."""

MAX_EVALUATIONS = 25
"""How often a line search of `lbfgs` may evaluate the loss: the number of `torch.optim.LBFGS`."""


class Moved(NamedTuple):
    """What a step overwrites: an array of the parameters, its moments, and an array of scratch."""

    x: Array
    moments: tuple[Array, ...]
    scratch: Array


Step: TypeAlias = Callable[[Moved, Array, float, int], None]
"""`step(moved, g, rate, number)` makes the step of this number, from 1, of one array, in place."""

Both: TypeAlias = Callable[[Parameters], tuple[Array, Parameters]]
"""`both(x)` returns the value and the gradient at x, as NumPy arrays."""

Moments: TypeAlias = tuple[Parameters, ...]
"""The moments of an optimizer, each nested like the parameters."""


def momentum(moved: Moved, g: Array, rate: float, number: int) -> None:
    """Make one step of `momentum`, in place."""
    x, (m,), scratch = moved
    np.multiply(m, DECAY, out=m)
    np.add(m, g, out=m)
    np.multiply(m, rate, out=scratch)
    np.subtract(x, scratch, out=x)


def adam(moved: Moved, g: Array, rate: float, number: int) -> None:
    """Make one step of `adam`, in place. The corrections of the bias are multiplied into the rate and into ε."""
    x, (m, v), scratch = moved
    np.multiply(m, BETA1, out=m)
    np.multiply(g, 1.0 - BETA1, out=scratch)
    np.add(m, scratch, out=m)
    np.multiply(v, BETA2, out=v)
    np.multiply(g, g, out=scratch)
    np.multiply(scratch, 1.0 - BETA2, out=scratch)
    np.add(v, scratch, out=v)
    correction = math.sqrt(1.0 - BETA2**number)
    np.sqrt(v, out=scratch)
    np.add(scratch, EPSILON * correction, out=scratch)
    np.divide(m, scratch, out=scratch)
    np.multiply(scratch, rate * correction / (1.0 - BETA1**number), out=scratch)
    np.subtract(x, scratch, out=x)


def sgd(moved: Moved, g: Array, rate: float, number: int) -> None:
    """Make one step of `sgd`, in place."""
    np.multiply(g, rate, out=moved.scratch)
    np.subtract(moved.x, moved.scratch, out=moved.x)


STEPS: dict[str, Step] = {SGD: sgd, MOMENTUM: momentum, ADAM: adam}


def optimized(gradient: Gradient, optimizer: str, rate: float, steps: int, x: Parameters) -> Descent:
    """Return the descent of `steps` steps by `momentum` or `adam`, for parameters like `x`.

    Its arrays are allocated here, once. The result is among them: the next call overwrites it.
    """
    step, leaves = STEPS[optimizer], form(x).leaves
    position = tree_map(np.empty_like, x)
    state = _started(optimizer, position)

    def run(x: Parameters, data: Data) -> Parameters:
        tree_map(np.copyto, position, x)
        for moved in state:
            for moment in moved.moments:
                moment.fill(0.0)
        for number in range(1, steps + 1):
            for moved, g in zip(state, leaves(gradient(position, data)), strict=True):
                step(moved, g, rate, number)
        return position

    return run


class State(NamedTuple):
    """Where an optimizer is before a step: the parameters, its moments, and the number of the step, from 1."""

    x: Parameters
    moments: Moments
    number: int


def updated(gradient: Gradient, optimizer: str, rate: float, state: State, data: Data) -> tuple[Parameters, Moments]:
    """Return the parameters and the moments after one step from this state. Nothing is overwritten."""
    x, moments = tree_map(np.array, state.x), tuple(tree_map(np.array, moment) for moment in state.moments)
    gradients = tree_leaves(gradient(x, data))
    for array, g, *own in zip(tree_leaves(x), gradients, *map(tree_leaves, moments), strict=True):
        STEPS[optimizer](Moved(array, tuple(own), np.empty_like(array)), g, rate, state.number)
    return x, moments


def iterates(gradient: Gradient, optimizer: str, rate: float, x: Parameters, data: Data) -> Iterator[Parameters]:
    """Yield the parameters after each step of `sgd`, `momentum` or `adam` from `x`. The next step overwrites them."""
    x = tree_map(np.array, x)
    state = _started(optimizer, x)
    for number in itertools.count(1):
        for moved, g in zip(state, tree_leaves(gradient(x, data)), strict=True):
            STEPS[optimizer](moved, g, rate, number)
        yield x


def _started(optimizer: str, x: Parameters) -> list[Moved]:
    """Return what the steps overwrite, before the first one: the arrays of `x` themselves."""
    return [
        Moved(array, tuple(np.zeros_like(array) for _ in range(MOMENTS[optimizer])), np.empty_like(array))
        for array in tree_leaves(x)
    ]


def lbfgs_tolerance(dtype: str) -> float:
    """Return by how much `lbfgs` lowers the gradient: √ε of the dtype, half of its digits."""
    return math.sqrt(float(np.finfo(dtype).eps))


@dataclass(frozen=True)
class Minimized:
    """A descent by SciPy's L-BFGS-B, called as `run(x, data)` with arrays of the host.

    It ends at a gradient whose largest number is at most `tolerance`, or after `steps` steps. SciPy computes its steps
    in float64, whatever the dtype.
    """

    both: ValueAndGradient
    steps: int
    tolerance: float

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        both = self.both
        options = {
            "maxcor": HISTORY,
            "ftol": 0.0,
            "gtol": self.tolerance,
            "maxiter": self.steps,
            "maxfun": self.steps * MAX_EVALUATIONS,
            "maxls": MAX_EVALUATIONS,
        }
        return unflatten_like(x)(lowest(lambda x: both(x, data), x, **options).x)

    @property
    def library(self) -> str:
        """Where the optimizer comes from, with its version."""
        return f"scipy {version('scipy')}"


def lbfgs(both: ValueAndGradient, steps: int, x: Parameters, data: Data) -> Minimized:
    """Return the descent by SciPy's L-BFGS-B of at most `steps` steps, for parameters like `x`, arrays of the host.

    `both(x, data)` returns the value and the gradient as arrays of the host. The gradient at `x` sets the tolerance.
    """
    largest = max(float(np.max(np.abs(g))) for g in tree_leaves(both(x, data)[1]))
    return Minimized(both, steps, lbfgs_tolerance(str(tree_leaves(x)[0].dtype)) * largest)


def lowest(both: Both, x: Parameters, **options: float) -> Any:
    """Return what SciPy's L-BFGS-B finds from `x`, with its own options: where the loss is lowest, and how it ended."""
    from scipy.optimize import minimize as searched  # noqa: PLC0415 (takes a second to import, and is rarely needed)

    unflatten = unflatten_like(x)

    def loss_and_gradient(flat: Array) -> tuple[float, Array]:
        value, gradient = both(unflatten(flat))
        return float(value), flatten(gradient)

    search: Any = searched  # its stubs have a type for each method and each kind of jac
    return search(loss_and_gradient, flatten(x), jac=True, method="L-BFGS-B", options=options)


def flatten(x: Parameters) -> Array:
    """Return the parameters as one float64 array with one axis."""
    return np.concatenate([np.ravel(array) for array in tree_leaves(x)]).astype("float64", copy=False)


def unflatten_like(x: Parameters) -> Callable[[Array], Any]:
    """Return the inverse of `flatten`, for parameters of the nesting, the shapes and the dtypes of `x`."""
    like = tree_leaves(x)
    ends = np.cumsum([array.size for array in like])[:-1]

    def unflatten(flat: Array) -> Parameters:
        parts = zip(np.split(flat, ends), like, strict=True)
        return tree_unflatten(x, [part.reshape(array.shape).astype(array.dtype, copy=False) for part, array in parts])

    return unflatten
