"""Several machines side by side: the fastest backend of each, and on which machine it takes the least time.

Nothing is pooled: each machine has its own cases, with intervals from its own launches. Times alone are compared, since
a ratio to NumPy is to the NumPy of the same machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import numpy as np
import pandas as pd

from report.run import cases
from report.run.fastest import margin
from report.table.keys import CONDITIONS, GROUP

ACROSS = tuple(name for name in GROUP if name != "device")
"""What the rows of one comparison share, with the batch size. A machine competes with all of its devices."""

PLACE = [*CONDITIONS]
"""The columns that tell two rows of the comparison apart: a machine, and how many of its threads and CPUs."""


class Standing(StrEnum):
    """How a machine stands to the others."""

    FASTEST = "fastest"  # it is separated from all others
    NOT_SEPARATED = "not separated"  # from the machine of the lowest time, or that one from another
    SLOWER = "slower"
    ALONE = "alone"  # no other machine has a time


COLUMNS = (
    "devices",
    *ACROSS,
    "batch_size",
    *CONDITIONS,
    "cpu",
    "gpu",
    "device",
    "backend",
    "seconds",
    "seconds_low",
    "seconds_high",
    "seconds_per_step",
    "half",
    "standing",
    "factor",
    "factor_low",
    "factor_high",
)


def several(every: pd.DataFrame) -> bool:
    """Return whether the cases are of several machines."""
    return len(every["machine"].unique()) > 1


def compare(every: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each machine, comparison and batch size with a time: the case of its fastest backend.

    `every` are cases of `report.run.cases`. Where there are several devices, one comparison is of all of them, and one
    of each: `devices` names them. `standing` is how the machine stands to the others; `factor` is how many times as
    long it takes as the one of the lowest time, with the ends of its 95 % interval. The fastest comes first.
    """
    timed = cases.timed(every).sort_values(["seconds", "backend"], kind="stable")
    parts = [_standings(rows) for devices in _choices(timed) for rows in _best(timed, devices)]
    return pd.concat(parts, ignore_index=True)[[*COLUMNS]] if parts else pd.DataFrame(columns=[*COLUMNS])


def _choices(timed: pd.DataFrame) -> list[list[str]]:
    """Return the devices of each comparison: all of them, then each that several machines have."""
    places = timed.drop_duplicates(["device", *PLACE])["device"].value_counts()
    devices = sorted(set(timed["device"]))
    return [devices, *([device] for device in devices if len(devices) > 1 and places[device] > 1)]


def _best(timed: pd.DataFrame, devices: list[str]) -> Iterator[pd.DataFrame]:
    """Yield the fastest cases of the machines on these devices, for each comparison and batch size."""
    chosen = timed[timed["device"].isin(devices)].assign(devices=" or ".join(devices))
    best = chosen.drop_duplicates([*ACROSS, "batch_size", *PLACE])
    yield from (rows for _, rows in best.groupby([*ACROSS, "batch_size"]))


def _standings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, which differ in the machine, the fastest first, with how they stand."""
    if len(rows) == 1:
        return rows.assign(standing=Standing.ALONE, factor=1.0, factor_low=np.nan, factor_high=np.nan)
    margins = margin(rows.iloc[:1], rows.iloc[1:], times_alone=True)
    apart = margins.low > 1.0
    first = Standing.FASTEST if apart.all() else Standing.NOT_SEPARATED
    return rows.assign(
        standing=[first, *(Standing.SLOWER if is_apart else Standing.NOT_SEPARATED for is_apart in apart)],
        factor=[1.0, *margins.center],
        factor_low=[np.nan, *margins.low],
        factor_high=[np.nan, *margins.high],
    )


def names(every: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Return a short name for each combination of conditions: that of the host, if it has one, or the hash.

    It is followed by what differs on the same machine, such as `threads 2`. Two hosts of the same name keep their hash.
    """
    places = every[PLACE].drop_duplicates()
    keys = [tuple(map(str, place)) for place in places.itertuples(index=False, name=None)]
    hosts = Counter(host for host, _ in {(_host(key[0]), key[0]) for key in keys})
    return {key: f"{_host(key[0]) if hosts[_host(key[0])] == 1 else key[0]}{_differing(key, keys)}" for key in keys}


def _host(machine: str) -> str:
    return machine.partition("@")[0]


def _differing(key: tuple[str, ...], keys: list[tuple[str, ...]]) -> str:
    """Return the conditions in which the place differs from others of its machine, to follow the machine's name."""
    same = [other for other in keys if other[0] == key[0]]
    differing = [index for index in range(1, len(key)) if len({other[index] for other in same}) > 1]
    return "".join(f", {CONDITIONS[index]} {key[index]}" for index in differing)


def key_of(row: pd.Series) -> tuple[str, ...]:
    """Return the key of a row in `names`."""
    return tuple(str(row[name]) for name in PLACE)
