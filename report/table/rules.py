"""What the values of a result CSV must be. Every rule is stated here and nowhere else.

A rule is an expression that works on a single row and on a whole data frame alike. `reader` applies it to a data frame,
to learn whether any row breaks it. `faults` applies it to one row after the other, to name the first row that does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import pandas as pd

from report.table.schema import LARGEST, Column


class Rule(NamedTuple):
    """A rule for the values of a column."""

    broken: Callable[[Any], Any]
    """Whether a row breaks the rule; given a data frame, which of its rows do. Numbers are floats, NaN if absent."""
    fault: str
    """What is wrong with such a row. `{value}` stands for the column's text, `{status}` for the row's status."""


def rules(column: Column, version: int) -> Iterator[Rule]:
    """Yield the rules of a column in a file of this version of the schema."""
    yield from _number_rules(column) if column.is_number else _text_rules(column)
    if column.name == "schema":
        yield Rule(lambda row: row["schema"] != version, f"'{{value}}' in a file of schema {version}")
    if column.name == "seconds_median":
        yield Rule(_time_against_status, "'{value}' in a row whose status is {status}")
    if column.name == "ratio_ci_low":
        yield Rule(_half_a_ratio, "'{value}' without ratio_to_numpy, or without the interval's other end")


def _number_rules(column: Column) -> Iterator[Rule]:
    name, sign = column.name, "positive" if column.positive else "non-negative"
    if column.always:
        yield Rule(lambda row: pd.isna(row[name]), "'{value}' is not a number")
    yield Rule(lambda row: _out_of_range(column, row[name]), f"'{{value}}' is not a {sign} finite number")
    if column.kind == "integer":
        yield Rule(lambda row: _not_whole(row[name]), "'{value}' is not a whole number up to 2^53")


def _text_rules(column: Column) -> Iterator[Rule]:
    name, choices = column.name, column.choices
    if choices:
        fault = f"'{{value}}' is not one of {', '.join(choices)}"
        yield Rule(lambda row: reduce(and_, (row[name] != choice for choice in choices)), fault)
    if column.never_empty:
        yield Rule(lambda row: row[name] == "", "empty")


def _out_of_range(column: Column, number: Any) -> Any:
    too_low = number <= 0 if column.positive else number < 0
    return too_low if column.may_be_infinite else too_low | (number == math.inf)


def _not_whole(number: Any) -> Any:
    return (number % 1 > 0) | (number > LARGEST)


def _time_against_status(row: Any) -> Any:
    """Return whether a row that is `ok` has no time, or another row has one."""
    return pd.notna(row["seconds_median"]) != (row["status"] == "ok")


def _half_a_ratio(row: Any) -> Any:
    """Return whether an end of the ratio's interval is there without the other, or without the ratio.

    A row without paired rounds has none of the three. With too few rounds for an interval, it has the ratio alone.
    """
    low, high = pd.notna(row["ratio_ci_low"]), pd.notna(row["ratio_ci_high"])
    return (low != high) | (low & pd.isna(row["ratio_to_numpy"]))
