"""Commits as the candidates of a search: of this repository, or of the user's own with `--problem`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from bench import machine
from bench.duel.files import at
from bench.find.candidates import UnusableError
from bench.own.files import NONE, Files
from bench.own.git import extract, git
from bench.process.client import Side

SUBJECT = 60
"""At most so many characters of a commit's subject are shown."""


def between(repository: Path, good: str, bad: str) -> tuple[str, ...]:
    """Return the commits from the good one to the bad one, by their short hashes, along first parents.

    Raise `ValueError` if there is no such commit, or if the good one is not among the first parents of the bad one.
    """
    ends = [_commit(repository, name, revision) for name, revision in (("good", good), ("bad", bad))]
    listed = git(repository, "rev-list", "--reverse", "--first-parent", f"{ends[0]}..{ends[1]}").splitlines()
    parent = git(repository, "rev-parse", f"{listed[0]}^") if listed else ends[1]
    if parent != ends[0]:
        raise ValueError(f"--good '{good}': is not among the first parents of --bad '{bad}'")
    return tuple(git(repository, "rev-parse", "--short", commit) for commit in [ends[0], *listed])


class Commits:
    """Commits of this repository: each side is a copy of the checkout as it was, run by this interpreter."""

    def __init__(self, names: tuple[str, ...], copies: Path, repository: Path = machine.ROOT) -> None:
        self.what = repository.name
        self.names = names
        self._copies = copies
        self._repository = repository

    def side(self, name: str) -> Side:
        """Return the copy of the checkout as it was in the commit."""
        folder = self._copies / name
        if not folder.exists():
            part = folder.with_suffix(".part")
            extract(self._repository, name, part)
            part.rename(folder)
        if not (folder / "bench" / "worker.py").is_file():
            raise UnusableError("it has no bench/worker.py: no checkout that can duel")
        return Side(folder, sys.executable)

    def files(self, name: str) -> Files:
        """Return no files of the user."""
        return NONE

    def describe(self, name: str) -> str:
        """Return the commit and its subject."""
        return described(self._repository, name)


class OwnCommits:
    """Commits of the user's repository: this checkout measures, and only the user's files are as they were."""

    def __init__(self, names: tuple[str, ...], files: Files, repository: Path, resources: ExitStack) -> None:
        self.what = repository.name
        self.names = names
        self._now = files
        self._repository = repository
        self._resources = resources
        self._then: dict[str, Files] = {}

    def side(self, name: str) -> Side:
        """Return this checkout, told of the user's files as they were in the commit."""
        return Side(machine.ROOT, sys.executable, self.files(name).arguments())

    def files(self, name: str) -> Files:
        """Return the user's files as they were in the commit. Raise `UnusableError` if it does not have them."""
        if name not in self._then:
            try:
                self._then[name] = at(name, self._now, self._resources)
            except ValueError as error:
                raise UnusableError(str(error)) from error
        return self._then[name]

    def describe(self, name: str) -> str:
        """Return the commit and its subject."""
        return described(self._repository, name)


def described(repository: Path, name: str) -> str:
    """Return a commit and its subject, cut to `SUBJECT` characters."""
    subject = git(repository, "show", "--no-patch", "--format=%s", name)
    return f"{name} {subject if len(subject) <= SUBJECT else subject[: SUBJECT - 1] + '…'}"


def _commit(repository: Path, end: str, revision: str) -> str:
    try:
        return git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except ValueError as error:
        raise ValueError(f"--{end} '{revision}': {repository} has no such commit") from error
