"""A comparison in one line: did it get slower?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from report.compare.comparison import FAILING, Comparison
from report.errors import printable
from report.statistics.verdict import Verdict
from report.write import units

MOVED = (*FAILING, Verdict.IMPROVED)
"""The verdicts that a reader wants to see first."""


def headline(comparison: Comparison) -> str:
    """Return the outcome in one line: what got slower, broke or vanished, and how many cases are inconclusive."""
    counts, cases = comparison.counts, units.count(len(comparison.rows), "case")
    if counts == {Verdict.INCONCLUSIVE: len(comparison.rows)}:
        return f"Nothing can be said: {cases}, all inconclusive{threshold(comparison)}."
    failing = "; ".join(_failing(comparison)) or f"Nothing got slower in {cases}"
    others = [f"{counts[name]:,} {name}" for name in (Verdict.IMPROVED, Verdict.INCONCLUSIVE) if name in counts]
    return f"{'; '.join([failing, *others])}{threshold(comparison)}."


def counted(comparison: Comparison) -> str:
    """Return how many cases have which verdict: `1 regressed, 19 unchanged`."""
    return ", ".join(f"{count:,} {verdict}" for verdict, count in comparison.counts.items())


def threshold(comparison: Comparison) -> str:
    """Return the threshold of a comparison, to follow other words: ` (threshold 10 %)`; empty if it is not known."""
    return "" if math.isnan(comparison.threshold) else f" (threshold {100 * comparison.threshold:.3g} %)"


def name_of(comparison: Comparison, row: pd.Series) -> str:
    """Return the name of a case among the others: the columns of its key that vary, the batch size last."""
    rows = comparison.rows
    varying = [name for name in comparison.key if name == "backend" or (rows[name] != rows[name].iloc[0]).any()]
    words = [printable(str(row[name])) for name in varying if name != "batch_size"]
    named = "batch_size" in varying or ("batch_size" in comparison.key and not words)
    size = [f"at {int(row['batch_size']):,}"] if named else []
    return " ".join([*filter(None, words), *size])


def interval(row: pd.Series) -> str:
    """Return the ratio and its interval: `×1.032 [1.010, 1.055]`; a dash if there is no ratio."""
    return "–" if pd.isna(row["ratio"]) else f"×{units.factor_within(row['ratio'], row['low'], row['high'])}"


def moved(comparison: Comparison) -> pd.DataFrame:
    """Return the cases that moved, worst first."""
    return comparison.rows[comparison.rows["verdict"].isin(MOVED)]


def _failing(comparison: Comparison) -> Iterator[str]:
    """Yield for each verdict that fails a gate how many cases have it, and which is the slowest."""
    for verdict in FAILING:
        count = comparison.counts.get(verdict, 0)
        if count and verdict == Verdict.REGRESSED:
            worst = comparison.rows.iloc[0]
            yield f"{units.count(count, 'case')} regressed, worst {name_of(comparison, worst)} {interval(worst)}"
        elif count and verdict == Verdict.MISSING:
            yield f"{units.count(count, 'case is', 'cases are')} missing"
        elif count:
            yield f"{units.count(count, 'case')} {verdict}"
