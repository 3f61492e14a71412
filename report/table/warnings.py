"""The column `warnings`: what the self-audit found in a row, as `name: remedy`, separated by `; `."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

BETWEEN, WITHIN = "; ", ": "


class AuditWarning(NamedTuple):
    """A reason to mistrust a row: its name, and what to do about it."""

    name: str
    remedy: str


def join(warnings: Iterable[AuditWarning]) -> str:
    """Return the warnings as the column holds them, each once; a `;` within a remedy becomes a comma."""
    texts = (f"{name}{WITHIN}{' '.join(remedy.replace(';', ',').split())}" for name, remedy in warnings)
    return BETWEEN.join(dict.fromkeys(texts))


def split(text: str) -> list[AuditWarning]:
    """Return the warnings that the column's text holds. The inverse of `join`."""
    parts = (part.partition(WITHIN) for part in text.split(BETWEEN) if part)
    return [AuditWarning(name, remedy) for name, _, remedy in parts]
