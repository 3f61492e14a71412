"""The errors that a report raises if it cannot be made, and how errors quote values."""

from __future__ import annotations

from collections.abc import Sequence

MAX_QUOTED = 40
"""The most characters of a value that an error quotes."""


class ReportError(ValueError):
    """A report that cannot be made. The text says why, and what to do where that is known."""


class TableError(ReportError):
    """A result CSV that cannot be read or written, or that lacks the rows asked for.

    The text names file, line and column, and what to do where that is known.
    """


def printable(text: str) -> str:
    """Return the text on one line, with `?` for each character that could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def short(text: str) -> str:
    """Return the printable text, cut to `MAX_QUOTED` characters."""
    shown = printable(text)
    return shown if len(shown) <= MAX_QUOTED else f"{shown[: MAX_QUOTED - 1]}…"


def quoted(values: Sequence[str], most: int = 5) -> str:
    """Return at most `most` of the values, in quotes and cut by `short`, and how many more there are."""
    return some([f"'{short(value)}'" for value in values], most)


def some(words: Sequence[str], most: int) -> str:
    """Return at most `most` of the words, and how many more there are: `a, b and 3 more`."""
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
