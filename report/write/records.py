"""A table for programs: CSV, and what JSON can hold of it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd


def as_csv(frame: pd.DataFrame) -> str:
    """Return the table as CSV; what there is not is empty."""
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def as_json(whole: Mapping[str, object]) -> str:
    """Return one JSON object."""
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Return an object a row; what there is not, and what JSON has no number for, is `None`."""
    objects = frame.astype(object)
    return objects.where(frame.notna() & ~frame.isin([np.inf, -np.inf]), None).to_dict("records")
