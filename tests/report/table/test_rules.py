"""The rules of the values: the reader applies them to a data frame, and the search for a fault to single rows."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from report.table.rules import rules
from report.table.schema import COLUMNS, VERSION, Column

NUMBERS = [math.nan, -math.inf, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.0**53, 2.0**53 + 2, math.inf]
TEXTS = ["", "ok", "wrong", "cpu", "steady", "anything"]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_rule_gives_a_row_and_a_data_frame_the_same_answer(column: Column) -> None:
    rows: list[dict[str, Any]] = [
        {"status": status, "seconds_median": seconds}
        | dict.fromkeys(("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"), seconds)
        | {column.name: value}
        for status in ("ok", "error")
        for seconds in (1.0, math.nan)
        for value in (NUMBERS if column.is_number else TEXTS)
    ]
    frame = pd.DataFrame(rows).astype({"status": "category"} | ({} if column.is_number else {column.name: "category"}))
    for rule in rules(column, VERSION):
        assert rule.broken(frame).tolist() == [bool(rule.broken(row)) for row in rows], rule.fault
