"""The base class of the backends: one framework in one mode.

The modes of one framework are instances of one small class. A mode is its name and a table of builders, one for each
operator. An operator that is missing from the table is unsupported: no mode computes it in another mode's place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from backends.case import DTYPES, Builder, Case, Loss, Run
from backends.probes import Probes
from problems import SGD, Array, Data, Parameters, Problem, tree_leaves, tree_map
from problems.faults import described
from report.table.keys import framework

Operations: TypeAlias = Mapping[str, Mapping[str, int]]
"""How often each operation is in a program, by the level that the program is seen at: `{"StableHLO": {"add": 3}}`."""


class Backend(ABC):
    """A way to compute gradients: one framework in one mode.

    A subclass has a `name`, `builders` and `version()`; everything else has a default. The defaults are those of a
    framework that computes on the CPU, in NumPy arrays, and returns when it is done. Attributes may be attributes of
    the class, fields of a dataclass, or properties.

    `name` is `<framework>`, or `<framework>-<mode>` such as `jax-loop`.
    `builders` maps each operator that the mode has to the function that builds its run.
    `optimizers` maps each optimizer of a descent but `sgd` to the function that builds the descent: for `momentum` and
    `adam` an `Optimized`, for `lbfgs` any run.
    `known_devices` are the devices of `DEVICES` that the framework can use on any machine.
    `dtypes` are the dtypes of `DTYPES` that the framework computes in.
    `losses` are losses that this mode implements itself, by the problem's name. If there are any, the mode runs only
    those problems.
    `same_as` names, for an operator that the mode has, the mode of the framework that builds the same program. The race
    measures the operator in that mode alone. The builder stays for what compares the mode's own operators.
    `compiled` says that a call runs a compiled program: none of the loss's Python. The audit warns where a call does.
    `probes` are what the framework can report about itself.
    `in_default` says whether `--backend default` races the mode. It does unless the class says otherwise, since a user
    who adds a file wants to see it. The project's own classes say otherwise, and their modes say when they are in.
    `writes` is what a user of this mode writes, and `wins` when the mode is the one to take: a short Markdown phrase
    each, for the table of modes.

    The race runs each prepared case before it puts the next one. A backend may therefore switch a mode of the whole
    process for each case.
    """

    __slots__ = ()  # keeps the memory layout of a class with slots, so that `loading` can make it a Backend

    name: str
    builders: Mapping[str, Builder]
    known_devices: tuple[str, ...] = ("cpu",)
    dtypes: tuple[str, ...] = DTYPES
    optimizers: Mapping[str, Builder] = MappingProxyType({})
    losses: Mapping[str, Loss] = MappingProxyType({})
    same_as: Mapping[str, str] = MappingProxyType({})
    compiled: bool = False
    probes: Probes = Probes()
    in_default: bool = True
    writes: str = ""
    wins: str = ""

    @abstractmethod
    def version(self) -> str:
        """Return the framework's version."""

    def missing_device(self, device: str) -> str | None:
        """Return why a known device is not on this machine, with the remedy; `None` if it is."""
        return None

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        """Return why this backend cannot run the case, as a reason for the report; `None` if it can."""
        return (
            missing_operator(self.name, self.builders, case)
            or measured_elsewhere(self, case)
            or missing_optimizer(self, case)
            or missing_loss(self.name, self.losses, case)
            or missing_dtype(self, case)
        )

    def warm_up(self, case: Case) -> None:  # noqa: B027 (a default: nothing to do)
        """Pay what a process pays once (compiler start-up, device context), and forget the cases before this one."""

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        """Return the host's NumPy arrays as arrays on the case's device, once they are there."""
        return arrays

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        """Return the run of the case's operator, traced and compiled for arrays like `x` and `data`."""
        build = self.optimizers.get(case.optimizer) or self.builders[case.operator]
        return build(with_own_loss(problem, self), case, x, data)

    def wait(self, result: Parameters, case: Case) -> None:  # noqa: B027 (likewise)
        """Block until `result` is computed. Every timed region ends with this call."""

    def fetch(self, result: Parameters, case: Case) -> Any:
        """Return `result` with NumPy's arrays in place of the framework's."""
        return result

    def operations(self, case: Case, problem: Problem, run: Run, arguments: tuple[Any, ...]) -> Operations:
        """Return the operations of `run(*arguments)`; empty if the framework cannot say. `bench duel --explain` asks.

        `run` is what `compile` returned for the case. It may be compiled again here: nothing is timed afterwards.
        """
        return {}


def place(backend: Backend, case: Case, *arguments: Parameters) -> tuple[Any, ...]:
    """Put the arguments of a run on the case's device, all at once. Each is an array or nested arrays."""
    placed = iter(backend.put(tuple(array for argument in arguments for array in tree_leaves(argument)), case))
    return tuple(tree_map(lambda _: next(placed), argument) for argument in arguments)


def devices(backend: Backend) -> tuple[str, ...]:
    """Return the devices that the backend can use on this machine."""
    return tuple(device for device in backend.known_devices if why_missing(backend, device) is None)


def why_missing(backend: Backend, device: str) -> str | None:
    """Return `backend.missing_device(device)`, or what that call raised; `None` if the device is on this machine."""
    try:
        return backend.missing_device(device)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (SystemExit too: a framework may raise anything)
        return described(error)


def offers(backend: Backend, operators: Iterable[str], problems: Iterable[str]) -> bool:
    """Whether the backend has at least one of the operators, and runs at least one of the problems."""
    own = backend.losses.keys()
    return bool(set(measured_operators(backend)) & set(operators)) and (not own or bool(own & set(problems)))


def missing_operator(name: str, builders: Mapping[str, Builder], case: Case) -> str | None:
    """Return why a mode with these builders cannot run the case's operator; `None` if it can."""
    if case.operator in builders:
        return None
    return f"{name} has no {case.operator}; it has {', '.join(sorted(builders))}"


def measured_elsewhere(backend: Backend, case: Case) -> str | None:
    """Return which mode builds the same program for the case's operator and is measured instead; `None` if none."""
    if case.operator not in backend.same_as:
        return None
    return f"{backend.name} computes a {case.operator} by the program of {backend.same_as[case.operator]}: take that"


def measured_operators(backend: Backend) -> tuple[str, ...]:
    """Return the operators that the race measures in this mode."""
    return tuple(operator for operator in backend.builders if operator not in backend.same_as)


def missing_optimizer(backend: Backend, case: Case) -> str | None:
    """Return why the backend cannot run the descent by the case's optimizer; `None` if it can."""
    if case.optimizer in {"", SGD, *backend.optimizers}:
        return None
    return f"{backend.name} has no {case.optimizer}; it has {', '.join([SGD, *backend.optimizers])}"


def missing_loss(name: str, losses: Mapping[str, Loss], case: Case) -> str | None:
    """Return why a mode that implements these losses itself cannot run the case's problem; `None` if it can."""
    if not losses or case.problem in losses:
        return None
    return f"{name} has no loss of its own for {case.problem}; it has one for {', '.join(sorted(losses))}"


def missing_dtype(backend: Backend, case: Case) -> str | None:
    """Return why the backend cannot compute in the case's dtype; `None` if it can."""
    if case.dtype in backend.dtypes:
        return None
    return f"{framework(backend.name)} computes in {' and '.join(backend.dtypes)} only"


def own_loss(problem: Problem, backend: Backend) -> Loss | None:
    """Return the loss that the mode implements itself, or else the problem's for its framework; `None` if neither."""
    return backend.losses.get(problem.name) or problem.losses.get(framework(backend.name))


def with_own_loss(problem: Problem, backend: Backend) -> Problem:
    """Return the problem with `own_loss` as its loss, if there is one."""
    own = own_loss(problem, backend)
    return problem if own is None else replace(problem, loss=lambda _, x, data: own(x, data))


def missing_problem_loss(problem: Problem, backend: str) -> str | None:
    """Return why the backend has no loss for the problem; `None` if it has one: the common one, or its framework's."""
    if problem.has_loss(framework(backend)):
        return None
    return f"{problem.name} has no loss for {framework(backend)}; it has one for {', '.join(problem.losses)}"
