"""A comparison in every format. JSON has all of it, CSV has the cases, and annotations are for GitHub.

JSON and CSV can be read back. A duel writes them, and pages are made from them.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from report.compare import explanation
from report.compare.comparison import COMPARISON_COLUMNS, Comparison
from report.statistics.verdict import FAMILY_CONFIDENCE, Verdict
from report.table import TableError
from report.table.keys import CASE, goes_without_saying
from report.table.schema import NAMES
from report.write import records, units
from report.write.escapes import annotation_property, annotation_text
from report.write.headline import counted
from report.write.text import comparison as texts
from report.write.text import findings

FORMATS = ("text", "markdown", "json", "csv", "annotations")

VERDICTS = "verdicts.csv"
"""The file to which a duel writes its comparison. Next to it is the same as JSON."""

EXPLANATION = "explanation.json"
"""The file next to it with the evidence about the cases that changed, if the duel was asked to explain."""

EXPLANATION_BEGINS = '{\n "explained": '

BEGINNINGS = {"csv": f"{','.join(CASE)},", "json": '{\n "base": '}
"""How the files of a duel begin, by format. Markdown has a mark instead."""

FIGURES = ("base_seconds", "head_seconds", "numpy_weight", "ratio", "low", "high", "all_low", "all_high")
"""The columns of numbers that may be unknown."""

LEVELS = {
    Verdict.REGRESSED: "error",
    Verdict.FAILED: "error",
    Verdict.MISSING: "error",
    Verdict.INCONCLUSIVE: "notice",
    Verdict.IMPROVED: "notice",
}
"""The kind of annotation for a verdict. The other verdicts have none."""


def write(comparison: Comparison, form: str, width: int, *, colour: bool = False) -> str:
    """Return the comparison in one of `FORMATS`. Text is for a terminal of `width` columns."""
    if form == "text":
        return texts.text(comparison, width, colour=colour)
    forms = {"markdown": texts.markdown, "json": as_json, "csv": as_csv, "annotations": as_annotations}
    return forms[form](comparison)


def as_json(comparison: Comparison) -> str:
    """Return the comparison as one JSON object. Unknown values are `null`."""
    whole = {
        "base": comparison.base,
        "head": comparison.head,
        "ratio": "head over base; above 1, head is slower",
        "threshold": comparison.threshold,
        "confidence": comparison.confidence,
        "exit_code": comparison.exit_code,
        "counts": comparison.counts,
        "notes": [findings.text(note) for note in comparison.notes],
        "cases": records.plain(_rows(comparison)),
        "geometric_means": records.plain(comparison.means),
    }
    return records.as_json(whole)


def explanation_as_json(comparison: Comparison) -> str:
    """Return all evidence about the cases that changed, of both sides, as one JSON object."""
    return records.as_json({"explained": list(map(explanation.as_message, comparison.explanations or ()))})


def as_csv(comparison: Comparison) -> str:
    """Return the cases as CSV, with the columns of their key and `COMPARISON_COLUMNS`."""
    return records.as_csv(_rows(comparison))


def as_annotations(comparison: Comparison) -> str:
    """Return GitHub workflow commands: one for the whole comparison, and one for each case of a verdict in `LEVELS`.

    A case that fails the gate becomes an error. An improved or inconclusive case becomes a notice.
    """
    lines = [f"::notice title=descent-bench::{annotation_text(counted(comparison))}"]
    for _, row in comparison.rows.iterrows():
        level = LEVELS.get(Verdict(row["verdict"]))
        if level is not None:
            message = annotation_text(_message(comparison, row))
            lines.append(f"::{level} title={annotation_property(row['verdict'])}::{message}")
    return "\n".join(lines) + "\n"


def _message(comparison: Comparison, row: pd.Series) -> str:
    case = " ".join(str(row[name]) for name in comparison.key if not goes_without_saying(name, row[name]))
    ratio = "" if pd.isna(row["ratio"]) else f" x{units.factor_within(row['ratio'], row['low'], row['high'])}"
    return f"{case}:{ratio} {findings.text(row['reason'])}".strip()


def read(path: Path, threshold: float | None = None) -> Comparison:
    """Return the comparison that `as_json` or `as_csv` wrote, or that a duel wrote to the folder at `path`.

    A CSV has neither the names of the sides nor the threshold. They come from the JSON next to it. Without that, the
    threshold is `threshold`. The evidence of a duel is in a third file. Raise `TableError` if the file does not have a
    comparison.
    """
    path = path / VERDICTS if path.is_dir() else path
    whole = path.with_suffix(".json")
    try:
        if whole.is_file():
            comparison = _from_json(json.loads(whole.read_text(encoding="utf-8")))
        else:
            rows = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in FIGURES})
            comparison = _comparison(rows, "base", "head", threshold if threshold is not None else math.nan)
        return replace(comparison, explanations=_explanations(path))
    except OSError as error:
        raise TableError(f"{error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{path}: neither a run nor a comparison in CSV or JSON ({error})") from error


def _explanations(path: Path) -> tuple[explanation.Explained, ...] | None:
    """Return the evidence beside the verdicts of a duel; `None` if there is none."""
    beside = path.with_name(EXPLANATION)
    if path.stem != Path(VERDICTS).stem or not beside.is_file():
        return None
    return tuple(map(explanation.explained_in, json.loads(beside.read_text(encoding="utf-8"))["explained"]))


def _from_json(whole: dict[str, Any]) -> Comparison:
    rows = pd.DataFrame(whole["cases"])
    comparison = _comparison(rows, whole["base"], whole["head"], whole["threshold"])
    return replace(comparison, confidence=whole["confidence"], notes=whole["notes"])


def _comparison(rows: pd.DataFrame, base: str, head: str, threshold: float) -> Comparison:
    """Return the comparison with these rows. Raise `ValueError` if they are not those of a comparison."""
    key = tuple(name for name in rows.columns if name not in COMPARISON_COLUMNS)
    if not set(COMPARISON_COLUMNS) <= set(rows.columns) or not set(key) <= set(NAMES) or rows.empty:
        raise ValueError("other columns, or no rows")
    rows["verdict"] = rows["verdict"].map(Verdict)
    figures = rows[[*FIGURES]].astype("float64")
    return Comparison(rows.assign(**figures), base, head, threshold, FAMILY_CONFIDENCE, key=key)


def _rows(comparison: Comparison) -> pd.DataFrame:
    """Return the cases with their reasons in words."""
    return comparison.rows.assign(reason=comparison.rows["reason"].map(findings.text))
