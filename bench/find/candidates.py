"""What a search chooses among: releases or commits, in order, each of which can be a side of a duel."""

from __future__ import annotations

from typing import Protocol

from bench.own.files import Files
from bench.process.client import Side


class UnusableError(Exception):
    """A candidate that cannot be a side of a duel. The text says why."""


class Candidates(Protocol):
    """The candidates of a search, the good one first and the bad one last."""

    what: str
    """What a candidate is a release or a commit of: `jax`, or the name of a repository."""
    names: tuple[str, ...]

    def side(self, name: str) -> Side:
        """Return the side that runs the candidate, after making it. Raise `UnusableError` if that fails."""

    def files(self, name: str) -> Files:
        """Return the user's files on the candidate's side."""

    def describe(self, name: str) -> str:
        """Return the candidate in words: `jax 0.9.0`, or a commit and its subject."""
