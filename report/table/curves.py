"""The column `loss_curve`: the loss over time of a descent, as `seconds:left`, separated by spaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from report.errors import ReportError, short


class Point(NamedTuple):
    """A descent of the loss over time: its seconds, and the share of the way down to the minimum that is left."""

    seconds: float
    left: float


def join(points: Iterable[Point]) -> str:
    """Return the points as the column holds them: `0:1 1.2e-05:0.81`."""
    return " ".join(f"{point.seconds:.5g}:{point.left:.4g}" for point in points)


def split(text: str) -> list[Point]:
    """Return the points that the column's text holds. The inverse of `join`. Raise `ReportError` if it holds none."""
    pairs = [word.partition(":") for word in text.split()]
    try:
        return [Point(float(seconds), float(left)) for seconds, _, left in pairs]
    except ValueError as error:
        raise ReportError(f"loss_curve '{short(text)}': must be seconds:left, separated by spaces") from error
