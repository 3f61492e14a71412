"""What backends there are, as data: a process that imports a framework describes its backends to one that does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from backends import Backend, Found, load


@dataclass(frozen=True)
class Description:
    """What the selection needs to know of a backend.

    `operators` are those that it has. `problems` are those that it runs, if it runs only some; else it is empty.
    `known_devices` are those of its framework, `missing_devices` says why some of them are not here.
    """

    name: str
    operators: tuple[str, ...]
    problems: tuple[str, ...]
    known_devices: tuple[str, ...]
    missing_devices: dict[str, str] = field(default_factory=dict)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that the backend can use on this machine."""
        return tuple(device for device in self.known_devices if device not in self.missing_devices)

    def offers(self, operators: Iterable[str], problems: Iterable[str]) -> bool:
        """Whether the backend has one of the operators, and runs one of the problems."""
        return bool(set(self.operators) & set(operators)) and (
            not self.problems or bool(set(self.problems) & set(problems))
        )


@dataclass
class Inventory:
    """The backends that are here, by name, and for each framework that is missing, the reason."""

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
        )
        for fields in message["backends"]
    ]
    return Inventory({backend.name: backend for backend in found}, dict(message["missing"]))


def take(frameworks: tuple[str, ...] | None = None) -> Inventory:
    """Return the inventory of the frameworks, by default of all, imported in this process."""
    return of(load(frameworks))


def of(found: Found) -> Inventory:
    """Return the inventory of backends that were imported."""
    return Inventory({name: describe(backend) for name, backend in found.backends.items()}, dict(found.missing))


def describe(backend: Backend) -> Description:
    """Return the description of a backend. A device whose check raises is missing, for that reason."""
    missing = {}
    for device in backend.known_devices:
        try:
            reason = backend.missing_device(device)
        except Exception as error:  # noqa: BLE001 (whatever a framework raises)
            reason = f"{type(error).__name__}: {error}"
        if reason is not None:
            missing[device] = reason
    return Description(
        backend.name, tuple(backend.builders), tuple(backend.losses), tuple(backend.known_devices), missing
    )
