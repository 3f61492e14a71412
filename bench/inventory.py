"""Descriptions of the backends, as data that a worker sends to a process that does not import the frameworks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from backends import Backend, Found, load


@dataclass(frozen=True)
class Description:
    """What the selection needs to know about a backend.

    `operators` are the operators that the backend has. `problems` are the only problems that it runs; if empty, it runs
    all. `known_devices` are the devices of its framework. `missing_devices` has the devices that it cannot use on this
    machine, each with the reason. `raised` has those of them whose check raised: the worker tells what a case gets.
    """

    name: str
    operators: tuple[str, ...]
    problems: tuple[str, ...]
    known_devices: tuple[str, ...]
    missing_devices: dict[str, str] = field(default_factory=dict)
    raised: tuple[str, ...] = ()

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that the backend can use on this machine."""
        return tuple(device for device in self.known_devices if device not in self.missing_devices)

    def offers(self, operators: Iterable[str], problems: Iterable[str]) -> bool:
        """Return whether the backend has one of the operators and runs one of the problems."""
        return bool(set(self.operators) & set(operators)) and (
            not self.problems or bool(set(self.problems) & set(problems))
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
        )
        for fields in message["backends"]
    ]
    return Inventory({backend.name: backend for backend in found}, dict(message["missing"]))


def take(frameworks: tuple[str, ...] | None = None) -> Inventory:
    """Import the frameworks in this process, by default all, and return their inventory."""
    return of(load(frameworks))


def of(found: Found) -> Inventory:
    """Return the inventory of imported backends."""
    return Inventory({name: describe(backend) for name, backend in found.backends.items()}, dict(found.missing))


def describe(backend: Backend) -> Description:
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
        tuple(backend.builders),
        tuple(backend.losses),
        tuple(backend.known_devices),
        missing,
        tuple(raised),
    )
