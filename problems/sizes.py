"""The sizes of a problem besides its batch: as a mapping, and as the text that cases and tables have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from problems.problem import Problem


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Return the sizes as one text, such as `clusters=8 dimension=16`; empty if there are none."""
    return " ".join(f"{name}={size}" for name, size in sizes.items())


def resized(problem: Problem, text: str) -> Problem:
    """Return the problem with the sizes in the text. A size that the text does not name stays."""
    words = (word.split("=") for word in text.split())
    return replace(problem, sizes={**problem.sizes, **{name: int(size) for name, size in words}})
