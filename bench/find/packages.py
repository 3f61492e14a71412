"""The releases of a package, and what one of them requires, as pip knows them."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


class PipError(Exception):
    """pip did not do what it was asked for. The text is the last line that it wrote."""


def releases(package: str, good: str, bad: str) -> tuple[str, ...]:
    """Return the releases of the package from the good one to the bad one, in the order of their versions.

    The good one may be the newer: then they are in falling order. Releases that this Python or this system cannot
    install are not among them. Raise `ValueError` if there is no such package or release.
    """
    try:
        text = pip("index", "versions", package)
    except PipError as error:
        raise ValueError(f"--package '{package}': {error}") from error
    _, _, line = text.partition("Available versions:")
    known = {Version(word): word for word in map(str.strip, line.partition("\n")[0].split(",")) if word}
    ends = [_version(name, word, package, known) for name, word in (("good", good), ("bad", bad))]
    between = sorted(version for version in known if min(ends) <= version <= max(ends))
    ordered = between if ends[0] <= ends[1] else between[::-1]
    return tuple(known[version] for version in ordered)


def requirements(package: str, release: str) -> list[Requirement]:
    """Return what a release requires on this system, without its extras. Raise `PipError` if it cannot be had."""
    arguments = ("--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-")
    report: dict[str, Any] = json.loads(pip("install", *arguments, f"{package}=={release}"))
    lines = report["install"][0]["metadata"].get("requires_dist", [])
    return [found for found in map(_requirement, lines) if found is not None]


def held(constraints: Sequence[str], package: str, required: Sequence[Requirement]) -> list[str]:
    """Return the lines of a constraints file that an environment with a release of the package can keep.

    Left out are the package itself, and what the release requires in another version.
    """
    by_name = {canonicalize_name(requirement.name): requirement for requirement in required}
    kept = []
    for line in constraints:
        name, _, version = line.partition("==")
        wanted = by_name.get(canonicalize_name(name.strip()))
        fits = wanted is None or wanted.specifier.contains(version.partition(";")[0].strip(), prereleases=True)
        if fits and canonicalize_name(name.strip()) != canonicalize_name(package):
            kept.append(line)
    return kept


def pip(*arguments: str) -> str:
    """Return what pip prints. Raise `PipError` if it fails."""
    done = subprocess.run(  # noqa: S603 (the user's own pip)
        [*_command(), *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise PipError(last_line(done.stderr))
    return done.stdout


def last_line(text: str) -> str:
    """Return the last error in what pip or uv wrote, or else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [re.sub(r"^(ERROR|error):\s*", "", line) for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["it says nothing"])[-1]


def _command() -> list[str]:
    """Return how pip is run here: environments that uv made do not have it."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip", "--disable-pip-version-check"]
    raise PipError("neither pip nor uv is here: install one of them")


def _version(end: str, word: str, package: str, known: dict[Version, str]) -> Version:
    try:
        version = Version(word)
    except InvalidVersion as error:
        raise ValueError(f"--{end} '{word}': is no version of a release") from error
    if version not in known:
        newest = ", ".join(known[each] for each in sorted(known, reverse=True)[:10])
        raise ValueError(f"--{end} '{word}': {package} has no such release for this Python; its newest: {newest}")
    return version


def _requirement(line: str) -> Requirement | None:
    try:
        found = Requirement(line)
    except InvalidRequirement:
        return None
    return found if found.marker is None or found.marker.evaluate({"extra": ""}) else None
