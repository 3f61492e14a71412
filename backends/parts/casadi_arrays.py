"""NumPy's arrays and functions over CasADi's symbols, for losses that are written against an array module `xp`.

CasADi has matrices, and no broadcasting of rows and columns. An `Array` adds NumPy's shape, of at most two axes, and
NumPy's rules. It works on both of CasADi's symbols: `MX`, of matrices, and `SX`, of scalars.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

import casadi
import numpy as np

Matrix: TypeAlias = Any
"""A matrix of CasADi: `MX`, `SX` or `DM`."""

Shape: TypeAlias = tuple[int, ...]

MAX_AXES = 2


class NotInCasadiError(Exception):
    """A loss needs something that CasADi does not have. The text names it."""


def layout(shape: Shape) -> tuple[int, int]:
    """Return the rows and columns of the matrix that holds an array of this shape. One axis is a column."""
    if len(shape) > MAX_AXES:
        raise NotInCasadiError(f"an array of {len(shape)} axes")
    rows, columns = (*shape, 1, 1)[:MAX_AXES]
    return rows, columns


class Array:
    """A symbolic array: its NumPy shape, and the matrix of CasADi that holds it."""

    __array_ufunc__ = None  # NumPy's arrays leave the operators to this class

    def __init__(self, matrix: Matrix, shape: Shape) -> None:
        """Hold the matrix. If it is a row where the shape's layout is a column, or the reverse, it is transposed."""
        self.matrix = matrix if matrix.shape == layout(shape) else matrix.T
        self.shape = shape

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInCasadiError(f"the attribute '{name}' of an array")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Array:
        keys = key if isinstance(key, tuple) else (key,)
        if any(isinstance(word, Array) for word in keys):
            return _gathered(self, keys)
        picked, shape, lengths = [], [], iter(self.shape)
        for word in (*keys, *(slice(None),) * (len(self.shape) - sum(word is not None for word in keys))):
            if word is None:
                shape.append(1)
                continue
            along = range(next(lengths))[word]
            picked.append(slice(along, along + 1) if isinstance(along, int) else _slice(along))
            shape += [] if isinstance(along, int) else [len(along)]
        return Array(self.matrix[(*picked, slice(None), slice(None))[:2]], tuple(shape))

    @property
    def T(self) -> Array:  # noqa: N802 (NumPy's name)
        return Array(self.matrix.T, self.shape[::-1])

    def spread(self, shape: Shape) -> Matrix:
        """Return the matrix broadcast to the shape. CasADi broadcasts a scalar itself."""
        if self.matrix.shape == (1, 1):
            return self.matrix
        matrix = self.matrix.T if len(self.shape) < len(shape) else self.matrix
        (rows, columns), (all_rows, all_columns) = matrix.shape, layout(shape)
        return casadi.repmat(matrix, all_rows // rows, all_columns // columns)

    def __matmul__(self, other: Any) -> Array:
        return _product(self, array(other))

    def __rmatmul__(self, other: Any) -> Array:
        return _product(array(other), self)

    def __neg__(self) -> Array:
        return Array(-self.matrix, self.shape)

    def __add__(self, other: Any) -> Array:
        return elementwise(operator.add, self, other)

    def __radd__(self, other: Any) -> Array:
        return elementwise(operator.add, other, self)

    def __sub__(self, other: Any) -> Array:
        return elementwise(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Array:
        return elementwise(operator.sub, other, self)

    def __mul__(self, other: Any) -> Array:
        return elementwise(operator.mul, self, other)

    def __rmul__(self, other: Any) -> Array:
        return elementwise(operator.mul, other, self)

    def __truediv__(self, other: Any) -> Array:
        return elementwise(operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return elementwise(operator.truediv, other, self)

    def __pow__(self, other: Any) -> Array:
        return elementwise(operator.pow, self, other)


def array(value: Any) -> Array:
    """Return a number or an array of NumPy as an `Array`; an `Array` as it is."""
    if isinstance(value, Array):
        return value
    constant = np.asarray(value, dtype="float64")
    return Array(casadi.DM(constant), constant.shape)


def elementwise(operation: Callable[..., Matrix], *operands: Any) -> Array:
    """Return the operation on the operands, broadcast by NumPy's rules."""
    arrays = [array(operand) for operand in operands]
    shape = np.broadcast_shapes(*(part.shape for part in arrays))
    return Array(operation(*(part.spread(shape) for part in arrays)), shape)


def _slice(along: range) -> slice:
    if along.step < 0:
        raise NotInCasadiError("a slice that goes backwards")
    return slice(along.start, along.stop, along.step)


def _gathered(values: Array, keys: tuple[Any, ...]) -> Array:
    """Return `values[index]`, of one axis each. CasADi indexes by a symbol in matrices, and not in scalars."""
    (index, *others) = keys
    if others or len(values.shape) != 1 or len(index.shape) != 1 or isinstance(values.matrix, casadi.SX):
        raise NotInCasadiError("an index that is an array")
    return Array(values.matrix[index.matrix], index.shape)


def _product(a: Array, b: Array) -> Array:
    left = a.matrix.T if len(a.shape) == 1 else a.matrix
    return Array(casadi.mtimes(left, b.matrix), a.shape[:-1] + b.shape[1:])


def _reduced(fold: Callable[[Matrix], Matrix], x: Array, axis: int | None = None) -> Array:
    """Return `x` with one axis, or all, reduced by `fold`, which makes one row of the rows of a matrix."""
    if axis is None:
        return Array(fold(casadi.vec(x.matrix)), ())
    axis = range(len(x.shape))[axis]
    return Array(fold(x.matrix.T if axis == 1 else x.matrix), x.shape[:axis] + x.shape[axis + 1 :])


def _halved(pick: Callable[[Matrix, Matrix], Matrix], matrix: Matrix) -> Matrix:
    """Return the row that `pick` leaves of the rows: it compares one half with the other, until one row is left."""
    while (rows := matrix.shape[0]) > 1:
        half = rows // 2
        picked = pick(matrix[:half, :], matrix[half : 2 * half, :])
        matrix = casadi.vertcat(picked, matrix[2 * half :, :]) if rows % 2 else picked
    return matrix


def _concatenate(arrays: Iterable[Array], axis: int = 0) -> Array:
    parts = [*arrays]
    axis = range(len(parts[0].shape))[axis]
    shape = [*parts[0].shape]
    shape[axis] = sum(part.shape[axis] for part in parts)
    return Array((casadi.vertcat, casadi.horzcat)[axis](*(part.matrix for part in parts)), tuple(shape))


SAME = (
    *("exp", "log", "log1p", "expm1", "sqrt", "floor", "ceil", "sign"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
)
"""Functions of one array that CasADi and NumPy spell alike."""


class Namespace:
    """The functions of NumPy that losses use, on an `Array`: what is `xp` in `loss(xp, x, data)`."""

    def __init__(self) -> None:
        for name in SAME:
            setattr(self, name, partial(elementwise, getattr(casadi, name)))
        self.abs = partial(elementwise, casadi.fabs)
        self.maximum = partial(elementwise, casadi.fmax)
        self.minimum = partial(elementwise, casadi.fmin)
        self.sum = partial(_reduced, casadi.sum1)
        self.max = self.amax = partial(_reduced, partial(_halved, casadi.fmax))
        self.min = self.amin = partial(_reduced, partial(_halved, casadi.fmin))
        self.concatenate = _concatenate

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInCasadiError(f"xp.{name}")


xp = Namespace()
