"""Launches of a case, with times or without, for the tests of this folder."""

from __future__ import annotations

import numpy as np

from report.table.schema import Value
from tests import rows

NOISE = np.exp([-0.02, -0.01, 0.0, 0.01, 0.02])
"""The noise of five launches on a machine that is steady to 2 %."""


def steady(seconds: float = 1e-3, **others: Value) -> list[rows.Row]:
    """Return five launches of a case, with noise of 2 %."""
    return [row | others for row in rows.launches([float(noise * seconds) for noise in NOISE])]


def broken(status: str, reason: str = "it did not", launches: int = 5, **others: Value) -> list[rows.Row]:
    """Return launches of a case without a time."""
    row = rows.row(None, status=status, reason=reason) | others
    return [row | {"launch": launch} for launch in range(launches)]


def later(launches: list[rows.Row]) -> list[rows.Row]:
    """Return the launches with the next numbers, so that they can follow others in the same CSV."""
    return [row | {"launch": int(str(row["launch"])) + len(launches)} for row in launches]
