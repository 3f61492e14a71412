"""Other ways to write each mode's idiom: a builder each, as the mode's own, by what is different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from backends import Builder

Alternatives: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Builder]]]
"""By mode, by operator, by what is different."""
