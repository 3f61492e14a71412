"""A table for programs: as CSV, and as the objects of JSON."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd


def as_csv(frame: pd.DataFrame) -> str:
    """Return the table as CSV. A value that is not known is empty."""
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def as_json(whole: Mapping[str, object]) -> str:
    """Return the mapping as one JSON object."""
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Return an object a row. A value that is not known, or that JSON has no number for, is `None`."""
    objects = frame.astype(object)
    return objects.where(frame.notna() & ~frame.isin([np.inf, -np.inf]), None).to_dict("records")
