"""Reading many runs into one table, with a row a case and run.

Each case under its own conditions (machine, threads, CPUs, allocator) is a series. Another machine therefore starts
another series, and is never a change within one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from report import table
from report.run import cases
from report.table import TableError
from report.table.keys import MEASURED_CASE, ROW

RATIO, SECONDS = "ratio_to_numpy", "seconds_per_step"
"""The two measures that a series can follow."""

FILES_AT_ONCE = 100
"""Files that are parsed together. Parsed alone, a file takes 20 ms; more files at once would be too much text."""


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of all runs in these files, and in the CSVs of these folders.

    Raises `TableError` where there is no CSV, where a CSV is not that of a run, and where two files hold the same row.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    if not files:
        raise TableError(f"{', '.join(map(str, paths))}: no CSV. Keep the CSV of each night's run, as in docs/ci.md")
    frame = table.stack([table.read_all(batch) for batch in _batches(files)])
    repeated = frame.duplicated([*ROW])
    if repeated.any():
        raise TableError(f"run '{frame.loc[repeated, 'run'].iloc[0]}': two files hold rows of it; remove one of them")
    return frame


def _batches(files: Sequence[Path]) -> list[list[Path]]:
    """Return the files in batches that the reader can parse together: those of a batch have the same header."""
    by_header: dict[bytes, list[Path]] = defaultdict(list)
    for path in files:
        try:
            with path.open("rb") as file:
                by_header[file.readline()].append(path)
        except OSError:
            by_header[b""].append(path)  # the reader says what is wrong with the file
    groups = by_header.values()
    return [group[first : first + FILES_AT_ONCE] for group in groups for first in range(0, len(group), FILES_AT_ONCE)]


def newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the run that began last."""
    begins = frame.groupby(frame["run"].astype("str"))["started_utc"].apply(lambda times: min(times.astype("str")))
    last = max(begins.items(), key=lambda run: (pd.Timestamp(run[1]), run[0]))[0]
    return frame[frame["run"] == last].reset_index(drop=True)


def points(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row a case and run that has a time, sorted by series and date.

    The rows have the columns of `cases.from_rows`, the `date`, the number of their `series`, the number of their
    `night`, which is the run's in the order of time, and the `measure` with its `value` and interval, `low` and `high`.
    The measure is the ratio to NumPy where all points of a series on the CPU have one, else the seconds a step. Raises
    `TableError` where no case has a time.
    """
    rows = cases.from_rows(frame, (*MEASURED_CASE, "run"))
    rows = rows[rows["status"] == "ok"].reset_index(drop=True)
    if rows.empty:
        raise TableError("no case of any run has a time")
    rows["date"] = pd.to_datetime(rows["started_utc"].astype("str"), utc=True, format="ISO8601")
    rows["series"] = rows.groupby([*MEASURED_CASE], observed=True, sort=True).ngroup()
    rows["night"] = _nights(rows)
    rows = rows.sort_values(["series", "night"], kind="stable").reset_index(drop=True)
    # On a GPU, NumPy on the CPU says nothing of the device.
    usable = rows[RATIO].notna() & (rows["device"] == "cpu")
    has_ratios = usable.groupby(rows["series"]).transform("all").to_numpy()
    return rows.assign(
        measure=np.where(has_ratios, RATIO, SECONDS),
        value=np.where(has_ratios, rows[RATIO], rows[SECONDS]),
        low=np.where(has_ratios, rows["ratio_ci_low"], rows["step_low"]),
        high=np.where(has_ratios, rows["ratio_ci_high"], rows["step_high"]),
    )


def _nights(rows: pd.DataFrame) -> pd.Series:
    """Return the number of each row's run, in the order in which the runs began."""
    begins = rows.groupby("run", observed=True)["date"].min().reset_index().sort_values(["date", "run"])
    return rows["run"].astype("str").map(dict(zip(begins["run"].astype("str"), range(len(begins)), strict=True)))
