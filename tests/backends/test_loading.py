"""How backends are found: a file of version 0.1 runs as it is, and a file that cannot work is named in the error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import backends
from backends import Backend, Builder, Case, Probes
from backends.numpy_modes import hand_derived
from problems import load
from tests.checkout import Checkout

OLD = Path(__file__).parent / "version_0_1"
BUILDERS: Mapping[str, Builder] = {"value": hand_derived}


def test_the_examples_of_version_0_1_are_raced(checkout: Checkout) -> None:
    """The two complete examples of the README at version 0.1, as they stood there."""
    checkout.write("backends/blocked_modes.py", (OLD / "blocked_modes.txt").read_text(encoding="utf-8"))
    checkout.write("problems/log_cosh.py", (OLD / "log_cosh.txt").read_text(encoding="utf-8"))
    chosen = ("--backend", "blocked,numpy", "--problem", "log_cosh,quadratic", "--batch-size", "1,10000")
    done = checkout.race(*chosen, "--device", "cpu")
    assert done.returncode == 0, done.stdout
    rows = checkout.rows()
    assert len(rows) == 8
    assert (rows["status"] == "ok").all()


class Plain:
    """A backend that need not inherit from `Backend`, as in version 0.1: its `probes` belong to the object."""

    name = "plain"
    builders: Mapping[str, Builder] = BUILDERS

    def __init__(self) -> None:
        self.probes = Probes(threads=lambda: 3)

    def version(self) -> str:
        return "1"


@dataclass(frozen=True)
class Frozen:
    builders: Mapping[str, Builder]
    name: str = "frozen"

    def version(self) -> str:
        return "2"


@dataclass(frozen=True, slots=True)
class Slotted:
    name: str
    builders: Mapping[str, Builder]

    def version(self) -> str:
        return "3"

    def put(self, arrays: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
        return arrays[::-1]


def imported(monkeypatch: pytest.MonkeyPatch, *instances: object) -> dict[str, Backend]:
    """Return the backends of a file with these instances."""
    module = ModuleType("anything")
    module.BACKENDS = instances  # type: ignore[attr-defined] # a module made here has what it is given
    framework = str(getattr(instances[0], "name", "nameless"))
    monkeypatch.setitem(sys.modules, f"backends.{framework}_modes", module)
    return backends.load((framework,)).backends


@pytest.mark.parametrize(
    "old", [Plain(), Frozen(BUILDERS), Slotted("slotted", BUILDERS)], ids=lambda old: type(old).__name__
)
def test_an_object_that_does_not_inherit_gets_the_defaults(monkeypatch: pytest.MonkeyPatch, old: Any) -> None:
    version, name, kind = old.version(), old.name, type(old)
    (backend,) = imported(monkeypatch, old).values()
    assert isinstance(backend, Backend)
    assert isinstance(backend, kind)
    assert (backend.name, backend.version(), backend.builders) == (name, version, BUILDERS)
    assert (backend.known_devices, backend.losses, backend.missing_device("cpu")) == (("cpu",), {}, None)
    case = Case("descent", "quadratic", name, 1, "float32", "cpu", 1)
    assert backend.unsupported(case, load()["quadratic"]) == f"{name} has no descent; it has value"


def test_what_such_an_object_defines_itself_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    (plain,) = imported(monkeypatch, Plain()).values()
    assert plain.probes.threads is not None
    assert plain.probes.threads() == 3
    case = Case("descent", "quadratic", "slotted", 1, "float32", "cpu", 1)
    (slotted,) = imported(monkeypatch, Slotted("slotted", BUILDERS)).values()
    assert slotted.put((1, 2), case) == (2, 1)


def test_a_backend_that_cannot_work_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nameless(Backend):
        def version(self) -> str:
            return "1"

    with pytest.raises(ValueError, match=r"backends/nameless_modes.py: Nameless has no attribute 'name'"):
        imported(monkeypatch, Nameless())
    with pytest.raises(ValueError, match=r"backend 'frozen' must be named 'plain', or 'plain-<mode>'"):
        imported(monkeypatch, Plain(), Frozen(BUILDERS))
    with pytest.raises(TypeError, match="version"):
        type("Versionless", (Backend,), {})()
