"""The columns of a case that was measured: its times, its ratios, and how near it is to what the machine can do."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.case.prepare import Prepared, prepared_figures
from bench.case.roofline import Limit
from bench.case.rounds import Rounds
from report.statistics.intervals import median_interval

Row = dict[str, Any]


def figures(prepared: Prepared, rounds: Rounds, seconds: list[float]) -> Row:
    """Return the columns that the rounds give; `seconds` a call, one a round, in the order of their measuring."""
    calls = np.asarray(seconds)
    steps = prepared.case.steps if prepared.case.operator == "descent" else 1
    time_of, ratio = median_interval(calls), rounds.reference.ratio(calls / steps)
    return prepared_figures(prepared) | {
        "rounds": len(seconds),
        "iterations": rounds.iterations,
        "seconds_median": time_of.center,
        "seconds_ci_low": time_of.low,
        "seconds_ci_high": time_of.high,
        "seconds_min": float(calls.min()),
        "seconds_per_step": time_of.center / steps,
        "ratio_to_numpy": ratio.center,
        "ratio_ci_low": ratio.low,
        "ratio_ci_high": ratio.high,
        **_over_value(rounds, calls),
    }


def _over_value(rounds: Rounds, calls: np.ndarray) -> Row:
    if rounds.value is None:
        return {}
    ratio = rounds.value.ratio(calls)
    return {
        "gradient_over_value": ratio.center,
        "gradient_over_value_ci_low": ratio.low,
        "gradient_over_value_ci_high": ratio.high,
    }


def target_figures(steps: int | None, row: Row) -> Row:
    """Return the columns of the time to target."""
    return {} if steps is None else {"steps_to_target": steps, "seconds_to_target": steps * row["seconds_per_step"]}


def limit_figures(limit: Limit, row: Row) -> Row:
    """Return the columns of what bounds a step, and the share of its time that the bound explains."""
    return limit._asdict() | {"roofline_fraction": limit.seconds / row["seconds_per_step"]}
