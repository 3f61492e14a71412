"""CasADi: the loss is an expression of symbols, built once; its derivatives are expressions too.

`casadi-step`  one step in a `Function` of matrix symbols (`MX`); the loop in Python
`casadi-loop`  the whole descent in one `Function`, which calls the step as often as there are steps
`casadi-sx`    the same, with a step of scalar symbols (`SX`): every operation on every element is written out

CasADi computes in float64 on one thread. The parameters are one vector to it, as in its nonlinear programs, so that one
reverse sweep gives the gradient by all of them. `mapaccum`, its own loop, would take a copy of the data for each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import casadi
import numpy as np

from backends import Backend, Builder, Case, Run
from backends.parts import casadi_arrays as arrays
from backends.parts.casadi_arrays import Array, Matrix, NotInCasadiError, layout
from problems import ALONG, WRITES, Data, Parameters, Problem, instance, tree_leaves, tree_map, tree_unflatten

MAX_SCALARS_BATCH = 100
"""The largest batch whose operations are written out. At 100, the matrix symbols are ahead already."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A matrix of numbers, with the shape and the dtype of the NumPy array that it holds."""

    matrix: casadi.DM
    shape: tuple[int, ...]
    dtype: str = "float64"

    def __len__(self) -> int:
        return self.shape[0]


@dataclass(frozen=True)
class Traced:
    """A loss as an expression: its symbols, those of the parameters in one vector, and a direction like it."""

    x: Matrix
    v: Matrix
    data: tuple[Matrix, ...]
    loss: Matrix

    def gradient(self) -> Matrix:
        return casadi.gradient(self.loss, self.x)

    def value(self) -> Matrix:
        return self.loss

    def hvp(self) -> Matrix:
        return casadi.jtimes(self.gradient(), self.x, self.v)

    def jvp(self) -> Matrix:
        return casadi.jtimes(self.loss, self.x, self.v)


def traced(problem: Problem, symbol: Any, x: Parameters, data: Data) -> Traced:
    """Return the loss as an expression of `symbol`, which is `MX` or `SX`, for arrays like these.

    Raise `NotInCasadiError` if CasADi lacks what the loss needs.
    """
    shapes = [array.shape for array in tree_leaves(x)]
    vector, direction = (symbol.sym(name, sum(map(_size, shapes))) for name in ("x", "v"))
    parts = [Array(part, shape) for part, shape in zip(_parts(vector, shapes), shapes, strict=True)]
    inputs = [Array(symbol.sym(f"data{i}", *layout(array.shape)), array.shape) for i, array in enumerate(data)]
    nested, own = tree_unflatten(x, parts), problem.losses.get("casadi")
    loss = own(nested, tuple(inputs)) if own else problem.loss(arrays.xp, nested, tuple(inputs))
    return Traced(vector, direction, tuple(part.matrix for part in inputs), arrays.array(loss).matrix)


def _size(shape: tuple[int, ...]) -> int:
    rows, columns = layout(shape)
    return rows * columns


def _parts(vector: Matrix, shapes: list[tuple[int, ...]]) -> list[Matrix]:
    """Return the arrays that lie in the vector one after the other, each column by column."""
    ends = np.cumsum([0, *map(_size, shapes)]).tolist()
    split = casadi.vertsplit(vector, ends)
    return [casadi.reshape(part, *layout(shape)) for part, shape in zip(split, shapes, strict=True)]


Call: TypeAlias = Callable[..., Matrix]
"""`call(x, *others)` returns an expression of the vector of the parameters; `others` are the direction and the data."""


def _compiled(call: Call, case: Case, x: Parameters, data: Data) -> Run:
    """Return the run of one `Function` that makes a vector of the parameters, and parameters of the result."""
    shapes = [array.shape for array in tree_leaves(x)]
    count = 2 if case.operator in ALONG else 1
    nested = [[casadi.MX.sym("x", *layout(shape)) for shape in shapes] for _ in range(count)]
    inputs = [casadi.MX.sym("data", *layout(array.shape)) for array in data]
    result = call(*(casadi.vertcat(*map(casadi.vec, parts)) for parts in nested), *inputs)
    is_nested = case.operator in WRITES
    outputs = _parts(result, shapes) if is_nested else [result]
    function = casadi.Function("run", [symbol for parts in (*nested, inputs) for symbol in parts], outputs)

    def run(*arguments: Parameters) -> Parameters:
        placed = [array.matrix for argument in arguments for array in tree_leaves(argument)]
        results = function.call(placed)
        if not is_nested:
            return Placed(results[0], ())
        return tree_unflatten(x, [Placed(part, shape) for part, shape in zip(results, shapes, strict=True)])

    return run


def derived(derive: Callable[[Traced], Matrix], symbol: Any) -> Builder:
    """Return the builder of an operator: a `Function` of its expression."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        expression = traced(problem, symbol, x, data)
        along = [expression.v] if case.operator in ALONG else []
        function = casadi.Function("inner", [expression.x, *along, *expression.data], [derive(expression)])
        return _compiled(function, case, x, data)

    return build


def _step(problem: Problem, symbol: Any, x: Parameters, data: Data) -> casadi.Function:
    expression = traced(problem, symbol, x, data)
    moved = expression.x - problem.rate_at(x, data) * expression.gradient()
    return casadi.Function("step", [expression.x, *expression.data], [moved])


def descent_step(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    step, steps = _step(problem, casadi.MX, x, data), case.steps
    shapes = [array.shape for array in tree_leaves(x)]

    def run(x: Parameters, data: Data) -> Parameters:
        vector = casadi.vertcat(*(casadi.vec(array.matrix) for array in tree_leaves(x)))
        inputs = [array.matrix for array in data]
        for _ in range(steps):
            vector = step(vector, *inputs)
        parts = _parts(vector, shapes)
        return tree_unflatten(x, [Placed(part, shape) for part, shape in zip(parts, shapes, strict=True)])

    return run


def descent_loop(symbol: Any) -> Builder:
    """Return the builder of a descent in one `Function`, with a step of these symbols."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        step = _step(problem, symbol, x, data)

        def call(vector: Matrix, *data: Matrix) -> Matrix:
            for _ in range(case.steps):
                vector = step(vector, *data)
            return vector

        return _compiled(call, case, x, data)

    return build


@cache
def _lacking(problem: Problem, symbol: Any) -> str:
    """Return what the loss needs and CasADi lacks, found at a small batch; empty if nothing.

    If the loss raises anything else, the case that runs it will report it.
    """
    try:
        traced(problem, symbol, *instance(problem, 2, "float64"))
    except NotInCasadiError as error:
        return str(error)
    except Exception:  # noqa: BLE001 (whatever a loss or a draw of a user raises)
        return ""
    return ""


@dataclass(frozen=True)
class CasadiMode(Backend):
    name: str
    builders: Mapping[str, Builder]
    symbol: Any = casadi.MX
    max_batch_size: int | None = None
    in_default: bool = False
    writes: str = ""
    wins: str = ""

    compiled = True
    dtypes = ("float64",)

    def version(self) -> str:
        return str(casadi.__version__)

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        if reason := super().unsupported(case, problem):
            return reason
        if self.max_batch_size is not None and case.batch_size > self.max_batch_size:
            return f"{self.name} writes every operation out: it takes batch sizes up to {self.max_batch_size}"
        lacking = _lacking(problem, self.symbol)
        kind = "scalar" if self.symbol is casadi.SX else "matrix"
        return f"{problem.name} needs {lacking}, which CasADi's {kind} symbols do not have" if lacking else None

    def put(self, arrays: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
        return tuple(Placed(casadi.DM(array.astype("float64")), array.shape, str(array.dtype)) for array in arrays)

    def fetch(self, result: Parameters, case: Case) -> Any:
        return tree_map(lambda placed: placed.matrix.full().reshape(placed.shape).astype(placed.dtype), result)


OPERATORS = {"value": Traced.value, "gradient": Traced.gradient, "hvp": Traced.hvp, "jvp": Traced.jvp}

BACKENDS = (
    CasadiMode(
        "casadi-step",
        {name: derived(derive, casadi.MX) for name, derive in OPERATORS.items()} | {"descent": descent_step},
        writes="`casadi.gradient(loss, x)` of `MX` symbols, and a `Function` of one step; the loop in Python",
        wins="for expressions that are CasADi's already; never ahead of `numpy`",
    ),
    CasadiMode(
        "casadi-loop",
        {"descent": descent_loop(casadi.MX)},
        in_default=True,
        writes="a `Function` of the whole descent, which calls that step",
        wins="ahead of `numpy` on `logistic` at a batch of 1; never ahead of `jax-loop`",
    ),
    CasadiMode(
        "casadi-sx",
        {name: derived(derive, casadi.SX) for name, derive in OPERATORS.items()} | {"descent": descent_loop(casadi.SX)},
        symbol=casadi.SX,
        max_batch_size=MAX_SCALARS_BATCH,
        writes="the same, with a step of `SX` symbols",
        wins="ahead of `numpy` at a batch of 1; behind it at 100",
    ),
)
