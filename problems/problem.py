"""A problem: an objective, the start of its descent, and, where somebody derived one, its gradient."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import optree

from problems.parameters import NODES, Array, Data, Parameters, tree_map

Rate: TypeAlias = Callable[[Parameters, Data], float]
"""`rate(x, data)` returns a learning rate that depends on the shapes of the parameters and the data."""

Flops: TypeAlias = Callable[[Parameters, Data], tuple[float, float]]
"""`flops(x, data)` returns the operations of a value and of a gradient; `problems.cost` says how they are counted."""

GradientInto: TypeAlias = Callable[[Parameters, Data, Parameters], None]
"""`into(x, data, out)` writes the gradient at `x` to `out`, and allocates nothing."""


ValueAndGradient: TypeAlias = Callable[[Parameters, Data], tuple[Array, Parameters]]
"""`value_and_gradient(x, data)` returns the loss and its gradient, from one pass."""


class NotDerivedError(Exception):
    """The problem has no loss of the kind that was called, or nobody has derived its gradient by hand."""


def no_loss(xp: Any, x: Parameters, data: Data) -> Array:
    """The loss of a problem that has only losses of single frameworks."""
    raise NotDerivedError("the problem has no common loss")


def not_derived(x: Parameters, data: Data) -> Parameters:
    """The gradient of a problem whose gradient nobody has derived by hand."""
    raise NotDerivedError("the problem has no hand-derived gradient")


def _no_draw(rng: np.random.Generator, batch_size: int) -> tuple[Parameters, Data]:
    """The draw of a problem that was given none: `Problem` refuses it."""
    raise NotDerivedError("the problem has no draw")


class Preset(NamedTuple):
    """A named choice of sizes. `batch_sizes` are raced with them; if empty, those of the problem are."""

    sizes: Mapping[str, int]
    batch_sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Problem:
    """An objective with its data and the start of its descent. It needs a name, a loss and a `draw`.

    `loss(xp, x, data)` is written once for every framework, and returns a scalar. `xp` is `numpy`, `autograd.numpy`,
    `torch` or `jax.numpy`: the loss may use operators, slices, and the functions that all four spell alike with
    positional arguments (`xp.sum(x, -1)`, `xp.exp`, `xp.log1p`, `xp.abs`, `@`). Two rules keep a float32 loss in
    float32. Multiply numbers into arrays before summing: `torch.func.jvp` makes float64 of a number times a sum. Write
    a mean as a sum divided by a length: HIPS autograd makes float64 of the gradient of `mean`.
    `losses` has losses in a framework's own code, `losses[framework](x, data)`. They take precedence over `loss`.
    Without `loss`, only the frameworks in `losses` can run the problem.
    `draw(rng, batch_size, **sizes)` returns the start `x` and the `data`, in float64. `x` is an array, or arrays in
    tuples, lists and dicts; `data` is a tuple of arrays. Arrays of whole numbers, such as indices, keep their dtype. It
    works for every batch size from 1 up.

    The other fields are optional.

    `gradient(x, data)` is the derivative of the loss by `x`, in NumPy, as fast as an expert would write it: it is the
    reference. Without it, the reference is a framework's reverse mode in float64: that of `reference`, such as `torch`,
    else of the first framework that has the loss.
    `rate` is the learning rate, or a function of `x` and `data` that returns it. Without it, the harness finds one. A
    loss that is a sum over the batch needs a smaller rate the larger the batch. After `steps` steps the loss must be
    lower than at the start; `steps` is the length of the descent unless the user asks for another.
    `gradient_into(x, data)` allocates scratch for arrays like `x` and returns a `GradientInto`.
    `value(x, data)` is the loss in NumPy, for losses whose common form is slow there.
    `hvp(x, v, data)` is the Hessian at `x` times `v`, in NumPy, as fast as the gradient.
    `value_and_gradient(x, data)` is the tuple of both, in NumPy, where they share work. Without it, both are called.
    `flops(x, data)` counts the operations that a value and a gradient of these shapes cannot avoid.
    `minimum(x, data)` is the least value of the loss, −∞ if there is none. Without it the harness searches for one.
    `sizes` are the lengths of the axes besides the batch, by name.
    `batch_sizes` are the batch sizes that are raced unless the user asks for others. Choose them so that the cost of a
    call dominates the smallest, the arithmetic dominates the largest, and every backend finishes a descent within
    seconds. `report costs` needs at least three to fit a line.
    `presets` are other choices of sizes, by name: `{"large": Preset({"dimension": 512}, batch_sizes=(1, 32))}`.

    Raise `ValueError` if fields are missing or contradict each other.
    """

    name: str
    loss: Callable[[Any, Parameters, Data], Array] = no_loss
    gradient: Callable[[Parameters, Data], Parameters] = not_derived
    draw: Callable[..., tuple[Parameters, Data]] = _no_draw
    rate: float | Rate | None = None
    steps: int = 100
    value: Callable[[Parameters, Data], Array] | None = None
    gradient_into: Callable[[Parameters, Data], GradientInto] | None = None
    hvp: Callable[[Parameters, Parameters, Data], Parameters] | None = None
    value_and_gradient: ValueAndGradient | None = None
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)
    batch_sizes: tuple[int, ...] = (1, 10, 100)
    flops: Flops | None = None
    minimum: Callable[[Parameters, Data], float] | None = None
    losses: Mapping[str, Callable[[Parameters, Data], Array]] = field(default_factory=dict, hash=False)
    reference: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if fault := self._fault():
            raise ValueError(f"problem '{self.name}': {fault}")

    def _fault(self) -> str | None:
        if self.draw is _no_draw:
            return "give draw(rng, batch_size), which returns the start and the data"
        if self.loss is no_loss and not self.losses:
            return "give loss(xp, x, data), or losses={'torch': loss} with losses that are called as loss(x, data)"
        if self.is_derived and self.value is None and not self.has_loss("numpy"):
            return "a hand-derived gradient is held to a loss in NumPy: give loss, losses['numpy'] or value"
        if self.reference and self.is_derived:
            return f"reference='{self.reference}' has no effect, since the hand-derived gradient is the reference"
        if self.reference and not self.has_loss(self.reference):
            return f"reference='{self.reference}', and there is no loss for {self.reference}"
        return next(filter(None, map(self._preset_fault, self.presets)), None)

    def _preset_fault(self, name: str) -> str | None:
        preset = self.presets[name]
        if not isinstance(preset, Preset):
            return f"preset '{name}' is a {type(preset).__name__}: write Preset({{'dimension': 512}})"
        if not name.isidentifier():
            return f"preset '{name}': its name may have letters, digits and '_' only"
        if unknown := [size for size in preset.sizes if size not in self.sizes]:
            return f"preset '{name}' has '{unknown[0]}', which is no size of the problem ({', '.join(self.sizes)})"
        return None

    @property
    def is_derived(self) -> bool:
        """Whether somebody has derived the gradient by hand."""
        return self.gradient is not not_derived

    def has_loss(self, framework: str) -> bool:
        """Return whether the framework has a loss: the common one, or its own."""
        return self.loss is not no_loss or framework in self.losses

    def numpy_loss(self, x: Parameters, data: Data) -> Array:
        """Return the loss in NumPy. Raise `NotDerivedError` if there is none."""
        return self.losses["numpy"](x, data) if "numpy" in self.losses else self.loss(np, x, data)

    def rate_at(self, x: Parameters, data: Data) -> float:
        """Return the learning rate for parameters and data of these shapes. Raise `ValueError` if there is none."""
        if self.rate is None:
            raise ValueError(f"problem '{self.name}' has no learning rate: the harness finds one for each batch size")
        return self.rate(x, data) if callable(self.rate) else self.rate


def instance(problem: Problem, batch_size: int, dtype: str, which: str = "start") -> tuple[Parameters, Data]:
    """Draw the problem's start and data: the same for every backend, rounded to `dtype`, read-only.

    The seed depends only on the problem, the batch size, and `which` draw is asked for. The values are drawn in float64
    and then rounded, so that float32 and float64 start from the same point. Numbers become arrays without axes, and
    data that are no floats keep their dtype.

    Raises `ValueError` if the start is not made of float arrays, or the data are not a tuple of arrays. It says where.
    """
    drawn = problem.draw(_rng(problem, batch_size, which), batch_size, **problem.sizes)
    if not (isinstance(drawn, tuple) and len(drawn) == len(("x", "data"))):
        raise ValueError("draw: must return two values, the start and the data: return x, ()")
    x, data = drawn
    if not isinstance(data, tuple):
        raise ValueError(f"draw: data is a {type(data).__name__}, not a tuple of arrays")  # noqa: TRY004 (as for all faults of a draw)
    arrays = [_array(part, f"data[{index}]", "biuf") for index, part in enumerate(data)]
    return _start(x, dtype), tuple(_frozen(array, dtype) for array in arrays)


def direction(problem: Problem, batch_size: int, x: Parameters, which: str = "direction") -> Parameters:
    """Draw a standard normal direction for parameters like `x`: the same for every backend and dtype, read-only."""
    rng = _rng(problem, batch_size, which)
    return tree_map(lambda array: _frozen(rng.standard_normal(array.shape), str(array.dtype)), x)


def _rng(problem: Problem, batch_size: int, what: str) -> np.random.Generator:
    name = problem.name.partition("@")[0]  # without the hash of a file: a comment in it changes no number
    return np.random.default_rng(zlib.crc32(f"{name}/{batch_size}/{what}".encode()))


def _start(x: Parameters, dtype: str) -> Parameters:
    paths, leaves, nesting = optree.tree_flatten_with_accessor(
        x,
        is_leaf=lambda node: not isinstance(node, NODES),  # optree walks into more, such as a deque
        none_is_leaf=True,
    )
    if not leaves:
        raise ValueError("draw: there are no parameters")
    arrays = [_array(leaf, path.codify("parameters"), "f") for path, leaf in zip(paths, leaves, strict=True)]
    return nesting.unflatten(_frozen(array, dtype) for array in arrays)


def _array(leaf: object, path: str, kinds: str) -> Array:
    """Return the array or number at `path` as an array whose dtype is one of the `kinds`, by NumPy's letters."""
    if not (hasattr(leaf, "__array__") or isinstance(leaf, int | float)):
        raise ValueError(f"draw: {path} is a {type(leaf).__name__}, not an array")
    array = np.asarray(leaf)
    if array.dtype.kind not in kinds:
        raise ValueError(f"draw: {path} has dtype {array.dtype}: {NEEDED[kinds]}")
    return array


NEEDED = {"f": "only floats can be descended", "biuf": "data are floats, integers or booleans"}
"""What to say of a dtype that is none of the kinds."""


def _frozen(array: Array, dtype: str) -> Array:
    array = np.asarray(array)
    array = np.array(array, dtype=dtype if array.dtype.kind == "f" else None, order="C")  # the user's stays writeable
    array.setflags(write=False)
    return array
