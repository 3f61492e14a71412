"""A comparison for programs: JSON, which holds all of it, CSV, which holds the cases, and GitHub's annotations."""

from __future__ import annotations

import pandas as pd

from report import records, units
from report.comparison import Comparison
from report.verdict import Verdict

LEVELS = {
    Verdict.REGRESSED: "error",
    Verdict.FAILED: "error",
    Verdict.MISSING: "error",
    Verdict.INCONCLUSIVE: "notice",
    Verdict.IMPROVED: "notice",
}
"""How loudly GitHub is told of a case."""


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
        "cases": records.plain(comparison.rows),
        "geometric_means": records.plain(comparison.means),
    }
    return records.as_json(whole)


def as_csv(comparison: Comparison) -> str:
    """Return the cases as CSV: the columns of their key, and those of `comparison.COLUMNS`."""
    return records.as_csv(comparison.rows)


def as_annotations(comparison: Comparison) -> str:
    """Return a GitHub workflow command for each case that fails or that nothing can be said of, and one for the whole.

    A regression or a failure is an error, an improvement or a doubt a notice; what is unchanged needs no annotation.
    """
    lines = [f"::notice title=descent-bench::{counted(comparison)}"]
    for _, row in comparison.rows.iterrows():
        level = LEVELS.get(Verdict(row["verdict"]))
        if level is not None:
            case = " ".join(str(row[name]) for name in comparison.key)
            ratio = "" if pd.isna(row["ratio"]) else f" x{row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            said = f"{case}:{ratio} {row['reason']}".strip()
            lines.append(f"::{level} title={row['verdict']}::{units.printable(said).replace('%', '%25')}")
    return "\n".join(lines) + "\n"


def counted(comparison: Comparison) -> str:
    """Return how many cases came out how: `1 regressed, 19 unchanged`."""
    return ", ".join(f"{count:,} {verdict}" for verdict, count in comparison.counts.items())
