"""The releases that a search goes through, and which versions stay as the constraints say."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from bench.find import packages
from bench.find.packages import PipError, held, last_line, releases, requirements

LISTED = "jax (0.10.0)\nAvailable versions: 0.10.0, 0.9.0.1, 0.9.0, 0.8.3, 0.8.0\n  INSTALLED: 0.10.0\n"


@pytest.fixture
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "pip", lambda *_: LISTED)


@pytest.mark.usefixtures("_listed")
def test_releases_are_in_the_order_of_their_versions_and_not_of_their_letters() -> None:
    assert releases("jax", "0.8.3", "0.10.0") == ("0.8.3", "0.9.0", "0.9.0.1", "0.10.0")


@pytest.mark.usefixtures("_listed")
def test_the_good_release_may_be_the_newer_one() -> None:
    assert releases("jax", "0.9.0", "0.8.0") == ("0.9.0", "0.8.3", "0.8.0")


@pytest.mark.usefixtures("_listed")
@pytest.mark.parametrize(("good", "message"), [("0.7.0", "has no such release"), ("new", "is no version")])
def test_a_release_that_is_not_there_is_named_with_those_that_are(good: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"--good '{good}': .*{message}"):
        releases("jax", good, "0.10.0")


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: str) -> str:
        raise PipError("No matching distribution found for jaxx")

    monkeypatch.setattr(packages, "pip", missing)
    with pytest.raises(ValueError, match="--package 'jaxx': No matching distribution found for jaxx"):
        releases("jaxx", "1", "2")


def test_only_what_the_release_pins_otherwise_leaves_the_constraints() -> None:
    pins = ["jax==0.10.2", "jaxlib==0.10.2", "ml_dtypes==0.6.0", "numpy==2.4.6", "scipy==1.18.0"]
    required = [Requirement(line) for line in ("jaxlib<=0.8.0,>=0.8.0", "ml-dtypes>=0.5.0", "numpy>=2.0")]
    assert held(pins, "jax", required) == ["ml_dtypes==0.6.0", "numpy==2.4.6", "scipy==1.18.0"]


def test_requirements_of_extras_and_of_other_systems_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '["jaxlib>=0.8", "jax-cuda13; extra == \\"cuda13\\"", "pywin32; sys_platform == \\"win32\\"", "???"]'
    monkeypatch.setattr(packages, "pip", lambda *_: '{"install": [{"metadata": {"requires_dist": ' + lines + "}}]}")
    assert [each.name for each in requirements("jax", "0.8.0")] == ["jaxlib"]


def test_of_what_pip_wrote_its_last_error_is_told() -> None:
    text = "WARNING: old\nERROR: Could not find it\nERROR: No matching distribution found for x\n[notice] new pip"
    assert last_line(text) == "No matching distribution found for x"
    assert last_line("\n") == "it says nothing"
