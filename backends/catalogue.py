"""The table of modes: what a user of each mode writes, and when it is the one to take."""

from __future__ import annotations

from collections.abc import Iterable

from backends.base import Backend
from problems.catalogue import NOTHING, markdown_table


def markdown(backends: Iterable[Backend]) -> str:
    """Return the table of these backends, as Markdown."""
    return markdown_table(("framework", "mode", "what you write", "when it wins"), map(_row, backends))


def _row(backend: Backend) -> tuple[str, ...]:
    return backend.name.partition("-")[0], f"`{backend.name}`", backend.writes or NOTHING, backend.wins or NOTHING
