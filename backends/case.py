"""A case, and the types of the functions that run one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from problems import LBFGS, SGD, Array, Data, Parameters, Problem

DTYPES = ("float32", "float64")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Case:
    """What one row measures: operator × problem × backend × batch size × dtype × device, over `steps` steps.

    `sizes` holds every other size of the problem, as `problems.sizes_text` writes them. `optimizer` is that of a
    descent, by default `sgd`, and empty for the other operators.
    """

    operator: str
    problem: str
    backend: str
    batch_size: int
    dtype: str
    device: str
    steps: int
    sizes: str = ""
    optimizer: str = SGD

    def __post_init__(self) -> None:
        # By `object`, since the class is frozen. Replacing the operator replaces the optimizer with it.
        optimizer = (self.optimizer or SGD) if self.operator == "descent" else ""
        object.__setattr__(self, "optimizer", optimizer)

    @property
    def counted_steps(self) -> int:
        """By how many steps a time is divided. `lbfgs` makes as many as it needs, so its times are of whole calls."""
        return self.steps if self.operator == "descent" and self.optimizer != LBFGS else 1


Run: TypeAlias = Callable[..., Parameters]
"""`run(x, data)` starts one call of an operator; `run(x, v, data)` one call of an operator along a direction `v`.

A `value_and_gradient` returns a tuple of the value and the gradient; every other operator, parameters or one number.
The call may return before its result is computed: `Backend.wait` blocks until it is. A run does not modify its inputs.
"""

Flat: TypeAlias = Callable[..., Parameters]
"""A function of x, of v if the operator takes a direction, and of each data array as an argument of its own.

Passing the data as one tuple would cost time at each call.
"""

Builder: TypeAlias = Callable[[Problem, Case, Parameters, Data], Run]
"""`builder(problem, case, x, data)` returns the `Run` of one operator, compiled for the case and arrays like these."""

Loss: TypeAlias = Callable[[Parameters, Data], Array]
"""`loss(x, data)`: a loss written in one framework's own functions."""
