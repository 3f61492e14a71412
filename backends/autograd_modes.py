"""HIPS autograd: NumPy's functions, traced anew at each call.

`autograd`         reverse mode; its Hessian-vector product is the library's own, reverse over reverse
`autograd-fwdrev`  forward over reverse, which the library can compose too: a Hessian-vector product alone
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, ClassVar

import autograd.numpy as anp
import numpy as np
from autograd import grad, make_hvp, make_jvp

from backends.base import Builder, Case, Run, missing_operator
from problems import Array, Data, Parameters, Problem, loop, tree_map


def value(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return partial(problem.loss, anp)


def gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    run: Run = grad(value(problem, case, x, data))
    return run


def descent(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return loop(gradient(problem, case, x, data), problem.rate_at(x, data), case.steps, x)


def jvp(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The library's forward mode."""
    pushforward = make_jvp(value(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Array:
        return pushforward(x, data)(v)[1]

    return run


def hvp(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    at = make_hvp(value(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        return at(x, data)[0](v)

    return run


def hvp_forward_over_reverse(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    pushforward = make_jvp(gradient(problem, case, x, data))

    def run(x: Parameters, v: Parameters, data: Data) -> Parameters:
        return pushforward(x, data)(v)[1]

    return run


@dataclass(frozen=True)
class AutogradMode:
    name: str
    builders: dict[str, Builder]

    known_devices: ClassVar[tuple[str, ...]] = ("cpu",)

    def version(self) -> str:
        return version("autograd")

    def missing_device(self, device: str) -> str | None:
        return None

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        return missing_operator(self.name, self.builders, case)

    def warm_up(self, case: Case) -> None:
        """autograd has nothing to pay once."""

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        return arrays

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        return self.builders[case.operator](problem, case, x, data)

    def wait(self, result: Parameters) -> None:
        """autograd computes in NumPy, which returns when it is done."""

    def fetch(self, result: Parameters) -> Any:
        return tree_map(np.asarray, result)


BACKENDS = (
    AutogradMode("autograd", {"value": value, "gradient": gradient, "descent": descent, "hvp": hvp, "jvp": jvp}),
    AutogradMode("autograd-fwdrev", {"hvp": hvp_forward_over_reverse}),
)
