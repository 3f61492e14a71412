"""The versions that pyproject.toml allows are those that CI runs the tests with."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.version import Version

from tests.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
UNTESTED_AT_LOWEST = ("lint",)
"""Extras of which CI does not run the lowest versions. A linter's findings depend on its version."""


def requirements() -> list[Requirement]:
    """Return the direct dependencies that CI also runs at their lowest versions."""
    extras = PROJECT["optional-dependencies"]
    listed = [text for extra, texts in extras.items() if extra not in UNTESTED_AT_LOWEST for text in texts]
    found = map(Requirement, [*PROJECT["dependencies"], *listed])
    return [requirement for requirement in found if requirement.name != PROJECT["name"] and requirement.specifier]


def constraints(name: str) -> list[Requirement]:
    """Return the lines of a file of constraints."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def version(requirement: Requirement, operator: str) -> Version:
    """Return the version in a requirement such as `numpy>=2.1`, which has one specifier with this operator."""
    (specifier,) = requirement.specifier
    assert specifier.operator == operator, requirement
    return Version(specifier.version)


def test_the_lowest_versions_are_the_lower_bounds() -> None:
    lowest = {requirement.name: version(requirement, "==") for requirement in constraints("constraints-lowest.txt")}
    assert lowest == {requirement.name: version(requirement, ">=") for requirement in requirements()}


def test_the_tested_versions_are_allowed() -> None:
    allowed = {requirement.name: requirement.specifier for requirement in requirements()}
    tested = [line for line in constraints("constraints.txt") if line.name in allowed]
    assert tested
    for line in tested:
        assert version(line, "==") in allowed[line.name], line


def test_ci_runs_every_python_that_the_classifiers_name_and_the_lowest_one() -> None:
    named = re.findall(r"Python :: (\d\.\d+)", "\n".join(PROJECT["classifiers"]))
    matrix = re.findall(r'"(\d\.\d+)"', WORKFLOW.partition("python: [")[2].partition("]")[0])
    assert matrix == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_ci_runs_every_system_that_the_classifiers_name() -> None:
    runners = {"Operating System :: POSIX :: Linux": "ubuntu-latest", "Operating System :: MacOS": "macos-latest"}
    named = [classifier for classifier in PROJECT["classifiers"] if classifier.startswith("Operating System")]
    assert all(runners[classifier] in WORKFLOW for classifier in named)
