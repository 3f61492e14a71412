"""Other ways to write each mode: one builder each, keyed by what is different about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from backends import Builder

Alternatives: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Builder]]]
"""The builders by mode, then by operator, then by what is different."""
