"""From the rows of a run to one row a case with all of its columns, as pages and pictures show it.

Times and ratios are those of `report.estimates`; of the other figures it is the median over the launches.
"""

from __future__ import annotations

import pandas as pd

from report.run import estimates
from report.table.keys import CONDITIONS, GROUP
from report.table.schema import COLUMNS
from report.write import sections

FIGURES = tuple(column.name for column in COLUMNS if column.kind in ("integer", "number") and not column.always)

MEASURED = {
    "seconds": ("seconds_median", "seconds_ci_low", "seconds_ci_high"),
    "ratio": ("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"),
}
"""The columns that an estimate stands in for: its middle and its ends."""

ENDS = ("", "_low", "_high")
ESTIMATES = tuple(f"{name}{end}" for name in MEASURED for end in ENDS)


def merged(frame: pd.DataFrame, key: tuple[str, ...] = estimates.KEY) -> pd.DataFrame:
    """Return one row a case: the columns of the schema, `step_low` and `step_high`, `launches`, and `ESTIMATES`.

    `key` are the columns that name a case. It has a time, and the status `ok`, where all of its launches have; else it
    has the status and the reason of the first that has none.
    """
    found = estimates.of_cases(frame, key)
    by = [*key]
    rows = frame.drop_duplicates(by).reset_index(drop=True)
    if len(rows) < len(frame):
        codes = frame.groupby(by, observed=True, sort=False).ngroup().to_numpy()
        rows = rows.assign(**frame[[*FIGURES]].groupby(codes).median())
    rows = rows.assign(**_told(found["reason"]), **{name: found[name] for name in ("launches", *ESTIMATES)})
    for name, columns in MEASURED.items():
        rows = rows.assign(**dict(zip(columns, (rows[f"{name}{end}"] for end in ENDS), strict=True)))
    steps = rows["steps"]
    per_step = {"seconds_per_step": "seconds", "step_low": "seconds_low", "step_high": "seconds_high"}
    return rows.assign(**{name: rows[of] / steps for name, of in per_step.items()})


def _told(reasons: pd.Series) -> dict[str, pd.Series]:
    """Return the columns `status` and `reason` from what an estimate says in one: `crashed in 1 of 4 launches: …`."""
    words = reasons.astype("str")
    status = words.str.extract(r"^(\w+)", expand=False).fillna("ok")
    return {"status": status, "reason": words.str.replace(r"^\w+:? ?", "", n=1, regex=True)}


def titles(rows: pd.DataFrame) -> pd.Series:
    """Return what each row's group is called: `logistic (dimension=16): descent of 100 steps, float32, cpu`."""
    keys = rows[[*GROUP, *CONDITIONS]].astype("str")
    mixed = [name for name in CONDITIONS if len(set(keys[name])) > 1]
    every = [*keys.itertuples(index=False, name=None)]
    names = {one: sections.heading(one, mixed) for one in set(every)}
    return pd.Series([names[one] for one in every], index=rows.index)
