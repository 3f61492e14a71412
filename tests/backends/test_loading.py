"""How backends are found: a file of version 0.1 runs as it is, and a file that cannot work is named in the error."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import backends
from backends import Backend, Builder, Case, Probes, loading
from backends.numpy_modes import hand_derived
from problems import load
from tests.checkout import Checkout

OLD = Path(__file__).parent / "version_0_1"
BUILDERS: Mapping[str, Builder] = {"value": hand_derived}


def test_the_examples_of_version_0_1_are_raced(checkout: Checkout) -> None:
    """The two complete examples of the README at version 0.1, but for `wait` and `fetch`, which get the case."""
    backend = (OLD / "blocked_modes.txt").read_text(encoding="utf-8")
    checkout.write("backends/blocked_modes.py", backend.replace("(self, result)", "(self, result, case)"))
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


def test_a_backend_whose_wait_or_fetch_does_not_get_the_case_is_refused(checkout: Checkout) -> None:
    checkout.write("backends/blocked_modes.py", (OLD / "blocked_modes.txt").read_text(encoding="utf-8"))
    done = checkout.run("backends")
    assert done.returncode == 2
    assert done.stderr == (
        "backends: backends/blocked_modes.py: Blocked.wait must take the case too: def wait(self, result, case).\n"
    )


@pytest.mark.parametrize("method", ["wait", "fetch"])
def test_each_of_the_two_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    old = type("Old", (Broken,), {method: lambda _self, _result: None})
    signature = rf"backends/broken_modes.py: Old.{method} must .*: def {method}\(self, result, case\)\."
    with pytest.raises(backends.BackendError, match=signature):
        imported(monkeypatch, old())
    assert imported(monkeypatch, type("New", (Broken,), {method: lambda _self, _result, _case: None})())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os\n\ndef f(:\n", ":3: SyntaxError: invalid syntax"),
        (
            "raise RuntimeError('jaxlib is version 0.4,\\nbut this is 0.5')\n",
            ":1: RuntimeError: jaxlib is version 0.4, but",
        ),
        ("raise SystemExit\n", ":1: SystemExit"),
        ("import no_such_module\n", ":1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1\n", ": AttributeError: module 'backends.odd_modes' has no attribute 'BACKENDS'"),
        ("BACKENDS = (3,)\n", ": TypeError: "),
    ],
    ids=["syntax", "runtime", "exit", "other module", "no backends", "no backend"],
)
def test_a_file_that_cannot_be_imported_is_a_reason_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(tmp_path / "backends")])
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "backends" / "loading.py"))
    (tmp_path / "backends").mkdir()
    (tmp_path / "backends" / "odd_modes.py").write_text(text, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "backends.odd_modes", raising=False)
    importlib.invalidate_caches()
    found = backends.load(("odd", "numpy"))
    assert found.missing["odd"].startswith(f"odd cannot be imported: backends/odd_modes.py{reason}")
    assert "\n" not in found.missing["odd"]
    assert "numpy" in found.backends


def test_a_framework_whose_import_raises_is_a_row_and_the_others_are_raced(checkout: Checkout) -> None:
    checkout.write("jax.py", "raise RuntimeError('jaxlib does not fit')")
    checkout.write("backends/mine_modes.py", "def f(:\n")
    chosen = ("--batch-size", "1", "--device", "cpu", "--memory", "off")
    for framework in ("torch", "autograd"):
        (checkout.path / "backends" / f"{framework}_modes.py").unlink()
    done = checkout.race(*chosen, PYTHONPATH=str(checkout.path))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = checkout.rows().xs((1, "cpu"), level=["batch_size", "device"])
    assert rows["status"].to_dict() == {
        "numpy": "ok",
        "numpy-inplace": "ok",
        "jax": "unavailable",
        "mine": "unavailable",
    }
    assert "RuntimeError: jaxlib does not fit" in str(rows.loc["jax", "reason"])
    assert "backends/mine_modes.py:1: SyntaxError: invalid syntax" in str(rows.loc["mine", "reason"])


class Broken(Backend):
    name = "broken"
    builders: Mapping[str, Builder] = BUILDERS
    known_devices = ("cpu", "cuda")

    def version(self) -> str:
        return "4"

    def missing_device(self, device: str) -> str | None:
        if device == "cuda":
            raise RuntimeError("the driver\nis too old")
        return None


def test_a_device_that_a_backend_cannot_even_ask_for_is_missing() -> None:
    assert backends.devices(Broken()) == ("cpu",)
    assert backends.why_missing(Broken(), "cuda") == "RuntimeError: the driver is too old"
    assert backends.why_missing(Broken(), "cpu") is None
