"""The noise floor of a machine, as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import pandas as pd
from rich.table import Table

from report.compare.noise_floor import Case, Kind, Noise
from report.table.keys import CASE
from report.write import tables, units


def text(noise: Noise, threshold: float, width: int | None) -> str:
    """Return the noise for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    return tables.render([_table(noise, threshold), "\n".join(_lines(noise, threshold))], width)


def kept(found: pd.DataFrame) -> str:
    """Return what launches differ by, as it was kept for the intervals of single launches."""
    of_size = zip(found["batch_size"], found["seconds"], strict=True)
    sizes = (f"{units.percent(deviation)} at {size:,}" for size, deviation in of_size)
    return f"Kept for single launches on this machine: launches differ by {', '.join(sizes)} (standard deviation)."


def refusal(noise: Noise, threshold: float) -> str:
    """Return why a gate with this threshold, which is below the noise floor, is refused."""
    return (
        f"a gate at {units.percent(threshold)} is tighter than the noise floor, {units.percent(noise.floor)}: "
        "with nothing changed, changes of this size are chance"
    )


def _table(noise: Noise, threshold: float) -> Table:
    part = tables.table(["backend", "batch", "median change", "95 % below", "visible"], ("backend",))
    for (case, changes), visible in zip(noise.changes.items(), noise.visible(threshold), strict=True):
        sizes = np.expm1(changes.abs())
        key = dict(zip(CASE, cast("Case", case), strict=True))
        figures = [units.percent(value) for value in (sizes.median(), sizes.quantile(0.95), visible)]
        tables.add_row(part, str(key["backend"]), f"{key['batch_size']:,}", *figures)
    return part


def _lines(noise: Noise, threshold: float) -> Iterator[str]:
    drawn = f"{len(noise.changes):,} {'duels' if noise.kind is Kind.DUEL else 'comparisons'} drawn from the data"
    alarms, at = units.percent(noise.false_alarms(threshold)), units.percent(threshold)
    yield f"{drawn}, with nothing changed: {alarms} fail at a threshold of {at}."
    floor = units.percent(noise.floor)
    if noise.kind is Kind.COMPARISON:
        yield f"Noise floor, the largest change of a suite, in 99 suites of 100: {floor}."
        yield "Both sides are halves of one run. The drift between two runs comes on top."
    else:
        yield f"Noise floor, the threshold at which 1 suite in 100 fails: {floor}."
    yield f"Visible: the smallest true change that is reported at {at} 95 times in 100."
