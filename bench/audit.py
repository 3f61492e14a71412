"""The self-audit: what makes a measured row doubtful, by name, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Doubt(NamedTuple):
    """A doubt about a row: its name, and what to do about it."""

    name: str
    remedy: str


def text(doubts: Iterable[Doubt]) -> str:
    """Return the doubts as the column `warnings` has them: `name: remedy`, separated by `; `."""
    return "; ".join(f"{name}: {' '.join(remedy.replace(';', ',').split())}" for name, remedy in doubts)
