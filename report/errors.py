"""What goes wrong with a report, and how a value is quoted where an error names it."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 40
"""Characters of a value that an error quotes."""


class ReportError(ValueError):
    """A report that cannot be made. The text says why, and what to do where that is known."""


def printable(text: str) -> str:
    """Return the text on one line; `?` replaces each character that could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def short(text: str) -> str:
    """Return at most `LONGEST` characters of the printable text."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def quoted(values: Sequence[str], most: int = 5) -> str:
    """Return at most `most` of the values, each in quotes and short, and how many more there are."""
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(f"'{short(value)}'" for value in values[:most]) + more
