"""A comparison for programs: JSON, which holds all of it, and CSV, which holds the cases."""

from __future__ import annotations

import json
from collections.abc import Hashable

import numpy as np
import pandas as pd

from report.comparison import Comparison


def as_json(comparison: Comparison) -> str:
    """Return the comparison as one JSON object; what there is not is `null`."""
    whole = {
        "base": comparison.base,
        "head": comparison.head,
        "ratio": "head over base; above 1, head is slower",
        "threshold": comparison.threshold,
        "confidence": comparison.confidence,
        "exit_code": comparison.exit_code,
        "counts": comparison.counts,
        "notes": comparison.notes,
        "cases": _records(comparison.rows),
        "geometric_means": _records(comparison.means),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(comparison: Comparison) -> str:
    """Return the cases as CSV: the columns of their key, and those of `comparison.COLUMNS`."""
    return comparison.rows.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def _records(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    plain = frame.astype(object)
    return plain.where(frame.notna() & ~frame.isin([np.inf, -np.inf]), None).to_dict("records")
