"""The time of each case relative to that of one backend: a quotient of two times that were not measured in pairs.

The machine may have drifted between the two, and nothing here says by how much. So no quotient has an interval. This
module does not import pandas, since a process that measures reads the option's text from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from report.errors import ReportError, short
from report.table.keys import in_order

if TYPE_CHECKING:
    import pandas as pd

FLAG = "--relative-to"

HELP = "add to the summary each backend's time divided by that of BACKEND: not paired, and without an interval"


def require(backend: str, backends: Iterable[str]) -> None:
    """Raise `ReportError` unless the backend is one of those in the rows."""
    known = in_order(backends)
    if backend not in known:
        raise ReportError(f"{FLAG} '{short(backend)}': no row has this backend; there are {', '.join(known)}")


def quotients(group: pd.DataFrame, backend: str) -> pd.Series:
    """Return the time of each case divided by that of `backend` at the same batch size.

    The cases are those of one group, from `report.run.cases`. A quotient is NaN where either has no time.
    """
    of_backend = group[group["backend"] == backend].set_index("batch_size")["seconds"]
    return group["seconds"] / group["batch_size"].map(of_backend)
