"""Tables for programs, as CSV and as JSON."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd


def as_csv(frame: pd.DataFrame) -> str:
    """Return the table as CSV. Unknown values are empty."""
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def as_json(whole: Mapping[str, object]) -> str:
    """Return the mapping as one JSON object."""
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Return an object for each row. Unknown values, and infinite numbers, which JSON does not have, are `None`."""
    objects = frame.astype(object)
    return objects.where(frame.notna() & ~frame.isin([np.inf, -np.inf]), None).to_dict("records")
