"""A comparison for programs: JSON, which holds all of it, CSV, which holds the cases, and GitHub's annotations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from report.compare.comparison import COLUMNS, Comparison
from report.errors import printable
from report.statistics.verdict import CONFIDENCE, Verdict
from report.table.reader import TableError
from report.table.schema import NAMES
from report.write import records

VERDICTS = "verdicts.csv"
"""What a duel leaves its comparison in, with the same in JSON beside it."""

FIGURES = ("base_seconds", "head_seconds", "ratio", "low", "high")

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
            lines.append(f"::{level} title={row['verdict']}::{printable(said).replace('%', '%25')}")
    return "\n".join(lines) + "\n"


def counted(comparison: Comparison) -> str:
    """Return how many cases came out how: `1 regressed, 19 unchanged`."""
    return ", ".join(f"{count:,} {verdict}" for verdict, count in comparison.counts.items())


def read(path: Path, threshold: float | None = None) -> Comparison:
    """Return the comparison that `as_json` or `as_csv` wrote, or that a duel left in the folder at `path`.

    A CSV has neither the names of its sides nor its threshold: the JSON beside it tells them, or else `threshold`.
    Raises `TableError` where the file is neither.
    """
    path = path / VERDICTS if path.is_dir() else path
    whole = path.with_suffix(".json")
    try:
        if whole.is_file():
            return _from_json(json.loads(whole.read_text(encoding="utf-8")))
        rows = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in FIGURES})
        return _comparison(rows, "base", "head", threshold if threshold is not None else math.nan)
    except OSError as error:
        raise TableError(f"{error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{path}: neither a run nor a comparison in CSV or JSON ({error})") from error


def _from_json(whole: dict[str, Any]) -> Comparison:
    rows = pd.DataFrame(whole["cases"])
    found = _comparison(rows, whole["base"], whole["head"], whole["threshold"])
    return replace(found, confidence=whole["confidence"], notes=whole["notes"])


def _comparison(rows: pd.DataFrame, base: str, head: str, threshold: float) -> Comparison:
    """Return the comparison with these rows; raises `ValueError` where they are none of a comparison."""
    key = tuple(name for name in rows.columns if name not in COLUMNS)
    if not set(COLUMNS) <= set(rows.columns) or not set(key) <= set(NAMES) or rows.empty:
        raise ValueError("other columns, or no rows")
    rows["verdict"] = rows["verdict"].map(Verdict)
    figures = rows[[*FIGURES]].astype("float64")
    return Comparison(rows.assign(**figures), base, head, threshold, CONFIDENCE, key=key)
