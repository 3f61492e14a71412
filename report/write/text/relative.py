"""A section of the summary: the times of a group of cases, each divided by the time of one backend."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from report.run import cases
from report.run.relative import quotients
from report.write import tables, units
from report.write.sections import Section


def section(title: str, rows: pd.DataFrame, backend: str, order: Sequence[str], width: int | None) -> Section:
    """Return the section with this title, a row for each backend of `order` and a column for each batch size.

    A case has a dash where it has no time, or where `backend` has none.
    """
    found = cases.timed(rows).assign(quotient=quotients(rows, backend))
    wide = found.pivot_table("quotient", "backend", "batch_size", dropna=False).reindex(list(order))
    columns = {f"{size:,}": ["" if pd.isna(value) else units.ratio(value) for value in wide[size]] for size in wide}
    pieces = list(tables.side_by_side(("backend", order), columns, width, ("backend",)))
    times = "medians" if rows["launches"].max() == 1 else "geometric means over launches"
    heading = f"{title} relative to {backend}: a quotient of two {times}, not paired; no interval"
    return Section(heading, pieces, [])
