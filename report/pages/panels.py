"""The charts of a run's page: which figure each shows, what it says in a line, and why it may be empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from report.run.answers import Crossing
from report.table.keys import CONDITIONS, GROUP
from report.write import charts
from report.write.charts import Figure


@dataclass(frozen=True)
class Panel:
    """One chart: the figure, how it is read, how to get it where no row has it, and the operator it is measured for."""

    id: str
    title: str
    explain: str
    figure: Figure | None
    missing: str = ""
    operator: str = ""
    size: str = ""


PANELS = (
    Panel(
        "time",
        "Time per step over batch size",
        "Lower is faster. Flat parts are what a call costs, slopes what a byte or an operation costs.",
        charts.TIME,
        size="wide",
    ),
    Panel(
        "ratio",
        "Ratio to NumPy by hand",
        "Below the dashed line a backend is faster than the derivative by hand in NumPy; crosses mark where it passes.",
        charts.RATIO,
        "no row has a ratio_to_numpy",
        size="wide",
    ),
    Panel(
        "start",
        "Compile, first call and a step",
        "What it takes until the first answer is there. Strong: compiling; medium: the first call; faint: one step.",
        None,
        "no cell of the run has a time",
        size="wide",
    ),
    Panel(
        "gradient",
        "Gradient over value",
        "How many times as long a gradient takes as the objective alone, in the same backend.",
        charts.GRADIENT,
        "this run has no gradient_over_value; it is measured with --operator gradient",
        operator="gradient",
    ),
    Panel(
        "limit",
        "Distance from the limit",
        "The least time that the machine's memory and arithmetic allow, over the time taken: 100 % is the limit.",
        charts.LIMIT,
        "this run has no roofline_fraction: it was not measured, or its problems do not say what a step must move",
    ),
    Panel(
        "memory",
        "Memory",
        "Peak memory of a case.",
        charts.MEMORY,
        "this run has no peak_bytes: memory was not measured",
    ),
)


ALWAYS = ("problem", "operator", "dtype", "device")
"""The choices that are offered, or told, even where there is only one."""


def data(merged: pd.DataFrame, crossings: Sequence[Sequence[Crossing]]) -> dict[str, Any]:
    """Return what the page's script draws: its panels, the choices of groups, and the `crossings` of each."""
    groups = merged.drop_duplicates("group").sort_values("group")
    columns = [*GROUP, *CONDITIONS]
    timed = merged[merged["status"] == "ok"]
    return {
        "panels": [_panel(panel, timed) for panel in PANELS],
        "groups": groups[columns].astype("str").to_dict("records"),
        "choices": choices(groups, columns, ALWAYS),
        "crossings": [[vars(one) for one in found] for found in crossings],
    }


def choices(groups: pd.DataFrame, columns: Sequence[str], always: Sequence[str]) -> list[str]:
    """Return the columns that a reader chooses by: `always` these, and those of the others that part groups further."""
    chosen = [*always]
    for name in columns:
        if len(groups.drop_duplicates([*chosen, name])) > len(groups.drop_duplicates(chosen)):
            chosen.append(name)
    return sorted(chosen, key=list(columns).index)


def _panel(panel: Panel, timed: pd.DataFrame) -> dict[str, Any]:
    """Return a panel for the script; `missing` says why it is empty whatever is chosen, where that is so."""
    figure = panel.figure
    have = timed[figure.column if figure else "compile_seconds"].notna().any()
    return {
        "id": panel.id,
        "column": figure.column if figure else "",
        "low": figure.low if figure else "",
        "high": figure.high if figure else "",
        "line": figure.line if figure else None,
        "operator": panel.operator,
        "missing": "" if have else (panel.missing or "no cell of the run has a time"),
        "spec": charts.panel(figure) if figure else charts.stack(),
    }
