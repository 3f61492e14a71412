"""The charts of a run's page: the figure that each shows, a line that explains it, and why it may be empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from report.run import losses
from report.run.answers import Crossing
from report.run.losses import Curve
from report.table.keys import CONDITIONS, GROUP, SGD
from report.write import words
from report.write.charts import curves, loss
from report.write.charts.curves import Figure
from report.write.charts.start import start

NO_TIME = "no case of the run has a time"


@dataclass(frozen=True)
class Panel:
    """A chart of the page.

    `missing` says why the chart is empty where no row has the figure, and how to measure it. `operator` is the operator
    that the figure is measured for, empty for any. Without a figure, the panel has a chart of its own: one of `OWN`.
    """

    id: str
    title: str
    explanation: str
    figure: Figure | None
    missing: str = NO_TIME
    operator: str = ""
    size: str = ""


LOSS = Panel(
    "loss",
    "Loss over time",
    "What is left of the way from the first loss down to the minimum, after which time: each point is a descent of its "
    "own, measured. The dashed line is the target. A colour is a backend, a dash an optimizer.",
    None,
    size="wide",
)
"""The panel of a run that measured the loss over time. Others do not have it."""

PANELS = (
    Panel(
        "time",
        "Time per step over batch size",
        "Lower is faster. Where a line is flat, the fixed cost of a call dominates. Where it rises, the cost of each "
        "byte or operation does.",
        curves.TIME,
        size="wide",
    ),
    Panel(
        "ratio",
        "Ratio to hand-derived NumPy",
        "Below the dashed line a backend is faster than the hand-derived gradient in NumPy. A cross marks where it "
        "passes NumPy.",
        curves.RATIO,
        size="wide",
    ),
    Panel(
        "start",
        "Start-up, compile, first call and one step",
        "The time until the first result, and one more step. The paler a part of a bar, the later it comes: import and "
        "start of the framework, compiling, the first call, one step.",
        None,
        size="wide",
    ),
    LOSS,
    Panel(
        "limit",
        "Distance from the machine's limit",
        "The least time that the machine's memory and arithmetic allow, as a share of the time taken. 100\u00a0% is "
        "the limit.",
        curves.LIMIT,
        "this run has no roofline_fraction. It was not measured, or the problems do not say what a step must move",
    ),
    Panel(
        "memory",
        "Memory",
        "The most memory that one call holds, its arguments included.",
        curves.MEMORY,
        "this run has no peak_bytes: memory was not measured",
    ),
    Panel(
        "gradient",
        "Gradient over value",
        "How many times as long a gradient takes as the objective alone, in the same backend.",
        curves.GRADIENT,
        "this run has no gradient_over_value. Measure it with --operator gradient",
        operator="gradient",
    ),
)


OWN = {"start": start, "loss": loss.panel}
"""The charts of the panels that are no curves over batch size."""

ALWAYS = ("problem", "operator", "dtype", "device")
"""The choices that the page shows even where there is only one value."""


def shown(timed: pd.DataFrame) -> list[Panel]:
    """Return the panels of a page with these cases. Without any ratio to NumPy or loss over time, theirs is left out.

    Other panels say what to measure, but where there is no hand-derived NumPy, no option gives a ratio to it.
    """
    lacking = len(timed) > 0 and timed["ratio"].isna().all()
    left_out = {curves.RATIO.column} if lacking else set()
    left_out |= set() if timed["loss_curve"].astype("str").any() else {LOSS.id}
    return [panel for panel in PANELS if not {panel.id, panel.figure and panel.figure.column} & left_out]


def data(merged: pd.DataFrame, crossings: Sequence[Sequence[Crossing]]) -> dict[str, Any]:
    """Return what the page's script draws: the panels, the groups to choose from, and the `crossings` of each group."""
    groups = merged.drop_duplicates("group").sort_values("group")
    columns = [*GROUP, *CONDITIONS]
    timed = merged[merged["status"] == "ok"]
    plain = (groups["optimizer"].astype("str") == SGD).to_numpy()
    return {
        "first": int(plain.argmax()),  # the plain descent, where there is one
        "panels": [_panel(panel, timed) for panel in shown(timed)],
        "groups": groups[columns].astype("str").to_dict("records"),
        "choices": choices(groups, columns, ALWAYS),
        "races": [int(number) for number in losses.races(merged)[groups.index]],
        "curves": [_curve(curve) for curve in losses.curves(merged)],
        "target": loss.TARGET,
        "crossings": [[_crossing(crossing) for crossing in of_group] for of_group in crossings],
    }


def _curve(curve: Curve) -> dict[str, Any]:
    """Return a loss over time for the script, with the points that its axes can show."""
    points = [[seconds, left] for seconds, left in curve.points if left >= losses.LEAST]
    return vars(curve) | {"points": points}


def _crossing(crossing: Crossing) -> dict[str, Any]:
    """Return a crossing for the script, with its batch size as people read it."""
    return vars(crossing) | {"about": words.batch_size(crossing.batch_size)}


def choices(groups: pd.DataFrame, columns: Sequence[str], always: Sequence[str]) -> list[str]:
    """Return the columns that a reader chooses a group by: those of `always`, and the others that split groups."""
    chosen = [*always]
    for name in columns:
        if len(groups.drop_duplicates([*chosen, name])) > len(groups.drop_duplicates(chosen)):
            chosen.append(name)
    return sorted(chosen, key=list(columns).index)


def _panel(panel: Panel, timed: pd.DataFrame) -> dict[str, Any]:
    """Return a panel for the script. `missing` is empty where any row has the figure."""
    figure = panel.figure
    measured = timed[figure.column if figure else "compile_seconds"].notna().any()
    return {
        "id": panel.id,
        "column": figure.column if figure else "",
        "low": figure.low if figure else "",
        "high": figure.high if figure else "",
        "line": figure.line if figure else None,
        "operator": panel.operator,
        "missing": "" if measured else panel.missing,
        "spec": curves.panel(figure) if figure else OWN[panel.id](),
    }
