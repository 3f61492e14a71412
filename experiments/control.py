"""Is NumPy's ratio to itself 1? `python -m experiments.control`

The reference is timed as a case of the race, with its own paired rounds. Each repeat prepares the case again, in other
memory. The table has the ratio over the repeats, with its 95 % interval, and how often the interval that a row
would have excludes 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import backends
from backends import Case, Found
from bench.case.measure import Measurement
from bench.case.rounds import Budget
from bench.case.row import Launch
from experiments import provenance
from problems import find
from report.statistics.intervals import median_interval
from report.table.keys import CONTROL

MIN_ROUND_SECONDS, MIN_ROUNDS = 0.005, 6
"""As in the race."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each operator and batch size."""
    parser = argparse.ArgumentParser(prog="python -m experiments.control", description=__doc__.partition("\n")[0])
    parser.add_argument("--operator", nargs="+", default=["descent", "gradient"])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[1, 100, 10_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=0.75, help="of the rounds of a repeat (default: 0.75)")
    parser.add_argument("--repeats", type=int, default=20, help="(default: 20)")
    options = parser.parse_args(arguments)
    found = backends.load((CONTROL,))
    print(
        "| operator | batch size | NumPy / NumPy | intervals that exclude 1 |\n| --- | ---: | --- | --- |", flush=True
    )
    for operator in options.operator:
        for batch_size in options.batch_size:
            rows = [measured(found, operator, batch_size, options.seconds) for _ in range(options.repeats)]
            print(line(operator, batch_size, rows), flush=True)
    print(provenance.line("Measured"))


def measured(found: Found, operator: str, batch_size: int, seconds: float) -> dict[str, Any]:
    """Return the row of a case of the reference."""
    steps = find("quadratic").steps if operator == "descent" else 1
    case = Case(operator, "quadratic", CONTROL, batch_size, "float32", "cpu", steps)
    measurement = Measurement(case, found, Launch())
    planned = measurement.begin(Budget(MIN_ROUND_SECONDS, seconds, MIN_ROUNDS, memory=False))
    for _ in range(planned.rounds if planned else 0):
        measurement.round()
    return measurement.finish()


def line(operator: str, batch_size: int, rows: Sequence[dict[str, Any]]) -> str:
    """Return the table's row."""
    ratio = median_interval([row["ratio_to_numpy"] for row in rows])
    excluded = sum(row["ratio_ci_low"] > 1.0 or row["ratio_ci_high"] < 1.0 for row in rows)
    interval = f"{ratio.center:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]"
    return f"| {operator} | {batch_size:,} | {interval} | {excluded} of {len(rows)} |"


if __name__ == "__main__":
    main()
