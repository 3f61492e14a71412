"""What launches differ by: the part of a case's error that no single launch can show.

The intervals of one launch come from its rounds, which share one process and one minute. Another launch of the same
code differs by some percent. So what launches differ by on this machine belongs into every interval of one launch. It
is known if `python -m report noise RUN.csv --keep` has estimated it from several launches there; else a floor is
assumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from report import table
from report.errors import ReportError
from report.statistics.welch import Array
from report.table.keys import MEASURED_CASE

FLOOR, LARGE_FLOOR, LARGE = 0.03, 0.05, 100_000
"""The standard deviation that is assumed of the logarithm of a launch's time, where it is not known: below `LARGE`
elements of a batch, and from there on, where arrays leave the cache (docs/methodology.md has what was measured)."""

PATH = Path(__file__).resolve().parents[2] / "results" / "launch_noise.csv"
"""Where the estimates are kept: one row for each machine, number of threads and batch size."""

MIN_LAUNCHES = 6
"""How many launches a case needs to count. The deviation of fewer is only a guess."""

MAD = 1.4826
"""The standard deviation of normal values over their median absolute deviation."""

KEY = ["machine", "threads", "batch_size"]
MEASURES = {"seconds": "seconds_median", "ratio": "ratio_to_numpy"}


class Deviations(NamedTuple):
    """The standard deviations of the logarithms of a launch's time and of its ratio to NumPy, for each row.

    `known` says whether they were estimated on the row's machine.
    """

    seconds: Array
    ratio: Array
    known: Array


def estimated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what the launches of the rows differ by: a row for each machine, number of threads and batch size.

    It is the root mean square over the cases that have `MIN_LAUNCHES` launches. Of one case it is the median absolute
    deviation, scaled to a standard deviation: a launch that another program disturbed hardly moves it, so it is what
    undisturbed launches differ by. Raise `ReportError` if no case has so many launches.
    """
    timed = table.timed(frame).reset_index(drop=True)
    codes = np.asarray(timed.groupby([*MEASURED_CASE], observed=True, sort=False).ngroup(), dtype=np.intp)
    cases = timed[~pd.Series(codes).duplicated()].reset_index(drop=True)  # in the order of their codes
    spread = {name: _variances(timed[column], codes) for name, column in MEASURES.items()}
    found = cases[KEY].assign(launches=np.bincount(codes), **spread)
    found = found[found["launches"] >= MIN_LAUNCHES]
    if found.empty:
        raise ReportError(f"no case has {MIN_LAUNCHES} launches; python -m bench run --launches 12 --only-times")
    found = found.groupby(KEY, observed=True).agg(
        cases=("launches", "size"),
        launches=("launches", "median"),
        seconds=("seconds", "mean"),
        ratio=("ratio", "mean"),
    )
    return found.assign(seconds=np.sqrt(found["seconds"]), ratio=np.sqrt(found["ratio"])).reset_index()


def keep(found: pd.DataFrame, path: Path = PATH) -> None:
    """Add the estimates to those that are kept. They replace older ones of the same machine and threads."""
    older = _kept(path)
    same = pd.MultiIndex.from_frame(older[KEY[:2]]).isin(
        pd.MultiIndex.from_frame(found[KEY[:2]].astype(older.dtypes[KEY[:2]]))
    )
    pd.concat([older[~same], found]).to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


def of(rows: pd.DataFrame, path: Path = PATH) -> Deviations:
    """Return what a launch of each row differs by: as estimated at the nearest batch size, or else the floor."""
    sizes = rows["batch_size"].to_numpy(float)
    floor = np.where(sizes < LARGE, FLOOR, LARGE_FLOOR)
    found = Deviations(floor, floor.copy(), np.zeros(len(rows), dtype=bool))
    for (machine, threads), kept in _kept(path).groupby(KEY[:2]):
        mine = ((rows["machine"].astype(str) == machine) & (rows["threads"] == threads)).to_numpy()
        if mine.any():
            away = np.abs(np.log(sizes[mine, None]) - np.log(kept["batch_size"].to_numpy(float)))
            nearest = kept.iloc[np.argmin(away, axis=1)]
            found.known[mine] = True
            for name in MEASURES:
                deviations = nearest[name].to_numpy(float)
                getattr(found, name)[mine] = np.where(np.isnan(deviations), floor[mine], deviations)
    return found


def _variances(values: pd.Series, codes: Any) -> Array:
    """Return the variance of the logarithms of each case, by medians; NaN if a launch has no value."""
    logs = np.log(values.where(values > 0.0))
    off = (logs - logs.groupby(codes).transform("median")).abs()
    lacking = logs.isna().groupby(codes).any()
    return ((MAD * off.groupby(codes).median()) ** 2).mask(lacking).to_numpy(float)


def _kept(path: Path) -> pd.DataFrame:
    columns = {"machine": str, "threads": int, "batch_size": int, "cases": int, "launches": float}
    columns |= dict.fromkeys(MEASURES, float)
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    try:
        return pd.read_csv(path, dtype=columns)[[*columns]]
    except (OSError, ValueError, KeyError) as error:
        raise ReportError(f"{path}: not what `report noise --keep` wrote ({error})") from error
