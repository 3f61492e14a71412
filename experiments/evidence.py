"""Rows of result CSVs that are kept as evidence, the few columns that say what a case took; and tables made of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from bench import machine
from experiments import provenance
from report.table.schema import NAMES

FOLDER = machine.ROOT / "results" / "evidence"

KEPT = (
    *("run", "launch", "commit", "dirty", "machine", "threads", "backend", "batch_size", "steps"),
    *("seconds_median", "seconds_ci_low", "seconds_ci_high", "ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"),
)
"""The columns that are kept. In the others all rows are alike: quadratic descents in float32 on the CPU."""

WORDS = {"run": str, "commit": str, "machine": str}
"""A commit may look like a number."""

ALIKE = {"status": "ok", "operator": "descent", "problem": "quadratic", "dtype": "float32", "device": "cpu"}
ALIKE |= dict.fromkeys(("reason", "warnings", "sizes", "reference", "variables"), "")


Figures = tuple[str, str, str]
"""A row of a table: what was asked, what was found, and from what."""


def add_kept(parser: argparse.ArgumentParser, path: Path) -> None:
    """Add the option that names what is kept."""
    parser.add_argument("--kept", type=Path, default=path, help=f"what is kept (default: results/evidence/{path.name})")


def print_table(figures: Iterable[Figures], commits: Iterable[str]) -> None:
    """Print the table, as Markdown, and the commits that its evidence was measured at."""
    print("| what | found | from |\n| --- | --- | --- |")
    for row in figures:
        print(f"| {' | '.join(row)} |", flush=True)
    print(provenance.line("Measured", commits))


def commits(rows: pd.DataFrame) -> list[str]:
    """Return the commits of the rows, in the order in which they come."""
    pairs = rows[["commit", "dirty"]].drop_duplicates()
    return [provenance.described(commit, dirty) for commit, dirty in pairs.itertuples(index=False)]


def keep(rows: pd.DataFrame, path: Path) -> None:
    """Write the rows that have a time. Those of runs that the file has already replace them."""
    rows = rows.loc[rows["status"].astype(str) == "ok", [*KEPT]]
    if path.exists():
        older = pd.read_csv(path, dtype=WORDS)
        rows = pd.concat([older[~older["run"].isin(rows["run"].astype(str))], rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False, float_format="%.5g", lineterminator="\n")


def read(path: Path) -> pd.DataFrame:
    """Return the kept rows with all columns of the schema. What was not kept is 0, or what all rows have."""
    rows = pd.read_csv(path, dtype=WORDS)
    rows["batch_size"] = rows["batch_size"].astype("int64")
    return rows.assign(**{name: ALIKE.get(name, 0) for name in NAMES if name not in KEPT})
