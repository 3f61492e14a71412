"""Descriptions of the backends, as data that a worker sends to a process that does not import the frameworks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import problems
from backends import DTYPES, Backend, Found, load, measured_operators
from problems import SGD, Preset, Problem, no_loss


@dataclass(frozen=True)
class Description:
    """What the selection needs to know about a backend.

    `operators` are those that the race measures in it. `problems` are the only problems that it runs; if empty, it runs
    all. `known_devices` are the devices of its framework. `missing_devices` has the devices that it cannot use on this
    machine, each with the reason. `raised` has those of them whose check raised: the worker tells what a case gets.
    `file` is the user's file that has the backend; empty for the project's own. `dtypes` are those that it computes in,
    and `optimizers` those of its descent. `in_default` says whether `--backend default` races it.
    """

    name: str
    operators: tuple[str, ...]
    problems: tuple[str, ...]
    known_devices: tuple[str, ...]
    missing_devices: dict[str, str] = field(default_factory=dict)
    raised: tuple[str, ...] = ()
    file: str = ""
    dtypes: tuple[str, ...] = DTYPES
    optimizers: tuple[str, ...] = (SGD,)
    in_default: bool = True

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that the backend can use on this machine."""
        return tuple(device for device in self.known_devices if device not in self.missing_devices)

    @property
    def is_here(self) -> bool:
        """Whether the machine has one of its devices, as far as the framework can say."""
        return bool(self.devices or self.raised)

    def offers(
        self,
        operators: Iterable[str],
        problems: Iterable[str],
        dtypes: Iterable[str],
        optimizers: Iterable[str] = (SGD,),
    ) -> bool:
        """Return whether the backend has one of the operators, runs one of the problems, and in one of the dtypes.

        Of descents alone, it must have one of the optimizers too.
        """
        return (
            bool(set(self.operators) & set(operators))
            and (set(operators) != {"descent"} or bool(set(self.optimizers) & set(optimizers)))
            and (not self.problems or bool(set(self.problems) & set(problems)))
            and bool(set(self.dtypes) & set(dtypes))
        )


@dataclass
class Inventory:
    """The available backends, by name, and the missing frameworks, each with the reason."""

    backends: dict[str, Description] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, other: Inventory) -> None:
        """Add what another process found."""
        self.backends.update(other.backends)
        self.missing.update(other.missing)

    def as_message(self) -> dict[str, Any]:
        """Return the inventory as the fields of a message."""
        return {"backends": [asdict(backend) for backend in self.backends.values()], "missing": self.missing}


def from_message(message: dict[str, Any]) -> Inventory:
    """Return the inventory of a message. The inverse of `Inventory.as_message`."""
    found = [
        Description(
            fields["name"],
            tuple(fields["operators"]),
            tuple(fields["problems"]),
            tuple(fields["known_devices"]),
            dict(fields["missing_devices"]),
            tuple(fields["raised"]),
            fields["file"],
            tuple(fields["dtypes"]),
            tuple(fields["optimizers"]),
            fields["in_default"],
        )
        for fields in message["backends"]
    ]
    return Inventory({backend.name: backend for backend in found}, dict(message["missing"]))


def take(frameworks: tuple[str, ...] | None = None) -> Inventory:
    """Import the frameworks in this process, by default all, and return their inventory."""
    return of(load(frameworks))


def of(found: Found) -> Inventory:
    """Return the inventory of imported backends."""
    described = {name: describe(backend, found.files.get(name, "")) for name, backend in found.backends.items()}
    return Inventory(described, dict(found.missing))


def describe(backend: Backend, file: str = "") -> Description:
    """Return the description of a backend. If the check of a device raises, the error is why the device is missing."""
    missing, raised = {}, []
    for device in backend.known_devices:
        try:
            reason = backend.missing_device(device)
        except Exception as error:  # noqa: BLE001 (whatever a framework raises)
            reason = f"{type(error).__name__}: {error}"
            raised.append(device)
        if reason is not None:
            missing[device] = reason
    return Description(
        backend.name,
        measured_operators(backend),
        tuple(backend.losses),
        tuple(backend.known_devices),
        missing,
        tuple(raised),
        file,
        tuple(backend.dtypes),
        (SGD, *backend.optimizers),
        backend.in_default,
    )


@dataclass(frozen=True)
class Objective:
    """What the selection and the race need to know about a problem.

    `frameworks` are those that have a loss of their own; `is_common` says whether all others have one too. `is_derived`
    says whether the gradient is derived by hand, and `reference` which framework's gradient is to be the reference if
    it is not; empty for the first.
    """

    name: str
    steps: int
    batch_sizes: tuple[int, ...]
    sizes: dict[str, int]
    frameworks: tuple[str, ...] = ()
    is_common: bool = True
    is_derived: bool = True
    reference: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict)

    def has_loss(self, framework: str) -> bool:
        """Return whether the framework has a loss."""
        return self.is_common or framework in self.frameworks

    def with_preset(self, name: str) -> Objective:
        """Return the problem with the sizes and batch sizes of the preset."""
        preset = self.presets[name]
        return replace(self, sizes={**self.sizes, **preset.sizes}, batch_sizes=preset.batch_sizes or self.batch_sizes)


def objective_of(problem: Problem) -> Objective:
    """Return the description of a problem."""
    return Objective(
        problem.name,
        problem.steps,
        problem.batch_sizes,
        dict(problem.sizes),
        tuple(problem.losses),
        problem.loss is not no_loss,
        problem.is_derived,
        problem.reference,
        {name: Preset(dict(preset.sizes), tuple(preset.batch_sizes)) for name, preset in problem.presets.items()},
    )


def objective_from(fields: dict[str, Any]) -> Objective:
    """Return the description of a problem in a message, where it has its fields."""
    tuples = {name: tuple(fields[name]) for name in ("batch_sizes", "frameworks")}
    presets = {name: Preset(sizes, tuple(own)) for name, (sizes, own) in fields.get("presets", {}).items()}
    return Objective(**(fields | tuples | {"presets": presets}))


def objectives() -> dict[str, Objective]:
    """Return the problems that this process can measure, by name: the project's, and those in files of the user."""
    return {name: objective_of(problem) for name, problem in problems.load().items()} | brought()


def brought() -> dict[str, Objective]:
    """Return the problems in files of the user, by name. Raise `ProblemError` if a file has none, or raises."""
    return {name: objective_of(problems.find(name)) for name in problems.added()}
