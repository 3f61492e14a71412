"""A history: many runs, read as one table, a row a case and run.

What is held alike makes a series: machine, threads, CPUs and allocator, beside the columns that name a case. Another
machine is another series, never a step in this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from report import table
from report.run import cases
from report.table.keys import MEASURED_CASE, ROW
from report.table.reader import TableError

SERIES = MEASURED_CASE
RATIO, SECONDS = "ratio_to_numpy", "seconds_per_step"
BATCH = 100
"""So many files are parsed at once: a file alone costs 20 ms, and too many at once are too much text."""


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of all runs in the files, or in the folders' CSVs; raises `TableError` where one is none."""
    files = [file for path in paths for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    if not files:
        raise TableError(f"{', '.join(map(str, paths))}: no CSV; keep a run a night, such as docs/ci.md does")
    frame = table.stack([table.read_all(batch) for batch in _batches(files)])
    if frame.duplicated([*ROW]).any():
        twice = frame.loc[frame.duplicated([*ROW]), "run"].iloc[0]
        raise TableError(f"run '{twice}': rows of it are in two files; remove one of them")
    return frame


def _batches(files: Sequence[Path]) -> list[list[Path]]:
    """Return the files in groups of one header each, which the reader parses together."""
    by_header: dict[bytes, list[Path]] = defaultdict(list)
    for path in files:
        try:
            with path.open("rb") as file:
                by_header[file.readline()].append(path)
        except OSError:
            by_header[b""].append(path)  # the reader says what is wrong with it
    groups = by_header.values()
    return [group[first : first + BATCH] for group in groups for first in range(0, len(group), BATCH)]


def points(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row a case and run that has a time, by series and date, with `series`, `measure` and its interval.

    The measure is the ratio to NumPy where all points of the series have one, else the seconds a step: `value`, `low`
    and `high`.
    """
    rows = cases.from_rows(frame, (*SERIES, "run"))
    rows = rows[rows["status"] == "ok"].reset_index(drop=True)
    if rows.empty:
        raise TableError("no case of any run has a time")
    rows["date"] = pd.to_datetime(rows["started_utc"].astype("str"), utc=True, format="ISO8601")
    rows["series"] = rows.groupby([*SERIES], observed=True, sort=True).ngroup()
    rows = rows.sort_values(["series", "date", "run"], kind="stable").reset_index(drop=True)
    ratios = rows[RATIO].notna().groupby(rows["series"]).transform("all").to_numpy()
    ends = {
        "measure": np.where(ratios, RATIO, SECONDS),
        "value": np.where(ratios, rows[RATIO], rows[SECONDS]),
        "low": np.where(ratios, rows["ratio_ci_low"], rows["step_low"]),
        "high": np.where(ratios, rows["ratio_ci_high"], rows["step_high"]),
    }
    return rows.assign(**ends)
