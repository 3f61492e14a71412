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
    return tables.render([_table(noise, threshold), "\n".join(lines(noise, threshold))], width)


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


def headings(noise: Noise) -> list[str]:
    """Return the headings of the table: what distinguishes the cases, then the batch size and the figures."""
    return [", ".join(_varying(noise)), "batch", "median change", "95 % below", "visible"]


def rows(noise: Noise, threshold: float) -> Iterator[list[str]]:
    """Yield a row a case, with a text for each of the headings."""
    varying, visible = _varying(noise), noise.visible(threshold)
    for case, seen, (_, changes) in zip(_cases(noise), visible, noise.changes.items(), strict=True):
        sizes = np.expm1(changes.abs())
        figures = [units.percent(value) for value in (sizes.median(), sizes.quantile(0.95), seen)]
        yield [" ".join(filter(None, (case[name] for name in varying))), f"{int(case['batch_size']):,}", *figures]


def lines(noise: Noise, threshold: float) -> Iterator[str]:
    """Yield the sentences below the table: how often a gate fails, its noise floor, and what `visible` means."""
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


def _table(noise: Noise, threshold: float) -> Table:
    names = headings(noise)
    part = tables.table(names, names[:1])
    for row in rows(noise, threshold):
        tables.add_row(part, *row)
    return part


def _cases(noise: Noise) -> list[dict[str, str]]:
    """Return the cases, each as its key in words."""
    return [dict(zip(CASE, map(str, cast("Case", case)), strict=True)) for case in noise.changes]


def _varying(noise: Noise) -> list[str]:
    """Return the columns of the key that the first column of the table shows: the backend, and others that vary."""
    cases = _cases(noise)
    others = (name for name in CASE if name not in ("backend", "batch_size"))
    return ["backend", *(name for name in others if len({case[name] for case in cases}) > 1)]
