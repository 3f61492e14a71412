"""A comparison in one line: did it get slower?"""

from __future__ import annotations

import math

import pandas as pd

from report.compare.comparison import FAILING, Comparison
from report.errors import printable
from report.statistics.verdict import Verdict
from report.write import units

MOVED = (*FAILING, Verdict.IMPROVED)
"""The verdicts that a reader wants to see first."""


def headline(comparison: Comparison) -> str:
    """Return the outcome in one line: what got slower, broke or vanished, and how many cases are inconclusive."""
    counts, total = comparison.counts, len(comparison.rows)
    bad = {name: counts[name] for name in FAILING if name in counts}
    parts = [f"{_cases(count)} {'is missing' if name == Verdict.MISSING else name}" for name, count in bad.items()]
    if Verdict.REGRESSED in counts:
        parts[0] += f", worst {_worst(comparison)}"
    rest = [f"{counts[name]:,} {name}" for name in (Verdict.IMPROVED, Verdict.INCONCLUSIVE) if name in counts]
    if not bad and counts.get(Verdict.INCONCLUSIVE, 0) == total:
        return f"Nothing can be said: all of {_cases(total)} inconclusive{_threshold(comparison)}."
    first = "; ".join(parts) or f"Nothing got slower in {_cases(total)}"
    return "; ".join([first, *rest]) + f"{_threshold(comparison)}."


def counted(comparison: Comparison) -> str:
    """Return how many cases have which verdict: `1 regressed, 19 unchanged`."""
    return ", ".join(f"{count:,} {verdict}" for verdict, count in comparison.counts.items())


def name_of(comparison: Comparison, row: pd.Series) -> str:
    """Return what a case is called among the others: the columns of its key that vary, the batch size last."""
    rows = comparison.rows
    varying = [name for name in comparison.key if name == "backend" or (rows[name] != rows[name].iloc[0]).any()]
    words = [printable(str(row[name])) for name in varying if name != "batch_size"]
    size = [f"at {int(row['batch_size']):,}"] if "batch_size" in varying else []
    return " ".join([*filter(None, words), *size])


def interval(row: pd.Series) -> str:
    """Return the ratio and its interval: `×1.032 [1.010, 1.055]`; a dash where there is none."""
    if pd.isna(row["ratio"]):
        return "–"
    ends = "" if pd.isna(row["low"]) else f" [{units.factor(row['low'])}, {units.factor(row['high'])}]"
    return f"×{units.factor(row['ratio'])}{ends}"


def moved(comparison: Comparison) -> pd.DataFrame:
    """Return the cases that moved, worst first."""
    return comparison.rows[comparison.rows["verdict"].isin(MOVED)]


def _worst(comparison: Comparison) -> str:
    row = comparison.rows.iloc[0]
    return f"{name_of(comparison, row)} {interval(row)}"


def _threshold(comparison: Comparison) -> str:
    return "" if math.isnan(comparison.threshold) else f" (threshold {100 * comparison.threshold:.3g} %)"


def _cases(count: int) -> str:
    return units.count(count, "case")
