"""The noise floor of a machine, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from rich.table import Table

from report.compare.noise_floor import Case, Noise
from report.table.keys import CASE
from report.write import tables, units


def text(noise: Noise, threshold: float, width: int | None) -> str:
    """Return the noise for a terminal of `width` columns; as Markdown where that is `None`."""
    return tables.render([_table(noise, threshold), "\n".join(_lines(noise, threshold))], width)


def refusal(noise: Noise, threshold: float) -> str:
    """Return why a gate at this threshold is refused: it is tighter than the noise floor."""
    return (
        f"a gate at {units.percent(threshold)} is tighter than the noise: below the floor, "
        f"{units.percent(noise.floor)}, more than 1 suite in 100 fails with nothing changed"
    )


def _table(noise: Noise, threshold: float) -> Table:
    part = tables.table(["backend", "batch", "median change", "95 % below", "visible"], ("backend",))
    visible = noise.visible(threshold)
    for (case, changes), seen in zip(noise.changes.items(), visible, strict=True):
        size = np.expm1(changes.abs())
        key = dict(zip(CASE, cast("Case", case), strict=True))
        figures = [units.percent(value) for value in (size.median(), size.quantile(0.95), seen)]
        tables.add_row(part, str(key["backend"]), f"{key['batch_size']:,}", *figures)
    return part


def _lines(noise: Noise, threshold: float) -> Iterator[str]:
    drawn = f"{len(noise.changes):,} {'duels' if noise.kind == 'duel' else 'comparisons'} drawn from the data"
    at = units.percent(threshold)
    yield f"{drawn}, nothing changed: {units.percent(noise.false_alarms(threshold))} fail at a threshold of {at}."
    yield f"Noise floor of the suite, where 1 in 100 fails: {units.percent(noise.floor)}."
    if noise.kind == "runs":
        yield "These are halves of one run. The drift from one run to the next is not in them, and comes on top."
    yield f"Visible: the smallest true change that is reported at {at} in 95 of 100 cases."
