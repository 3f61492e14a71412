"""The loss over time: what a descent has left of the way to the minimum, after which time."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

import pandas as pd

from report.run.targets import RACE
from report.table.curves import Point, split

LEAST = 1e-7
"""The least share that is drawn: float32 can hardly tell less from nothing."""


@dataclass(frozen=True)
class Curve:
    """The loss over time of one optimizer in one backend.

    `points` are seconds and the share of the way from the first loss to the minimum that is left. `race` numbers what
    curves share that are drawn together, but for the batch size. `target` is the time to the target, if it is known.
    """

    race: int
    batch_size: int
    optimizer: str
    backend: str
    target: float | None
    points: list[Point]

    @property
    def rank(self) -> tuple[float, float, str]:
        """What sorts the curves: the first to reach the target comes first."""
        return inf if self.target is None else self.target, self.points[-1][0], self.backend


def curves(merged: pd.DataFrame) -> list[Curve]:
    """Return the curves of the cases that have one. That of a case of several launches is its first launch's."""
    found = merged.assign(race=races(merged))[merged["loss_curve"].astype("str") != ""]
    return [
        Curve(
            int(row["race"]),
            int(row["batch_size"]),
            str(row["optimizer"]),
            str(row["backend"]),
            None if isnan(row["target"]) else float(row["target"]),
            split(str(row["loss_curve"])),
        )
        for _, row in found.iterrows()
    ]


def races(merged: pd.DataFrame) -> pd.Series:
    """Return the number of each case's race, as its curve has it."""
    return merged.groupby([*RACE], observed=True).ngroup()


def firsts(of: list[Curve]) -> list[Curve]:
    """Return of each optimizer, at each batch size of each race, the curve of the first backend at the target."""
    best: dict[tuple[int, int, str], Curve] = {}
    for curve in sorted(of, key=lambda curve: curve.rank):
        best.setdefault((curve.race, curve.batch_size, curve.optimizer), curve)
    return sorted(best.values(), key=lambda curve: (curve.race, curve.batch_size, curve.rank))
