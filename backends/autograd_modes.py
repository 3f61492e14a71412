"""HIPS autograd: NumPy's functions, traced anew at each call."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar

import autograd.numpy as anp
import numpy as np
from autograd import grad

from backends.interface import Builder, Case, Run, missing_operator
from problems import Array, Data, Parameters, Problem, each, loop


def gradient(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    def loss(x: Parameters, data: Data) -> Array:
        return problem.loss(anp, x, data)

    run: Run = grad(loss)
    return run


def descent(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    return loop(gradient(problem, case, x, data), problem.rate_at(x, data), case.steps, x)


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
        return each(np.asarray, result)


BACKENDS = (AutogradMode("autograd", {"gradient": gradient, "descent": descent}),)
