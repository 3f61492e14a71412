"""`python -m report costs`: where the time goes.

python -m report costs RUN.csv
python -m report costs --against jax-jit --batch-size 100 RUN.csv
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from report import table
from report.errors import short
from report.run import estimates
from report.run.cost_table import cost_table, passes
from report.run.fastest import fastest
from report.statistics import linear_cost
from report.table.keys import CONTROL, in_order
from report.table.reader import TableError
from report.write import records, sections, units
from report.write.sections import Section

EPILOG = f"""\
Of each backend: the overhead of a call and the slope, which is the cost of an
element of the batch, fitted to the times of at least {linear_cost.MIN_BATCH_SIZES} batch sizes; from which
batch size on it is faster than another, from the measured points alone; after
how many calls its compilation has paid back against hand-derived NumPy.
csv and json have a row a case, with all figures.
"""

FILLED: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "roofline_fraction": ("of the limit", units.percent),
    "gradient_over_value": ("gradient / value", units.ratio),
    "peak_bytes": ("peak memory", units.size),
    "seconds_to_target": ("to the target", units.seconds),
}
"""Columns that are shown only where the run has filled them: their headings, and how a figure is written."""


@dataclass(frozen=True)
class Costs:
    """The costs of all cases, and what was asked: the other backend, and the batch size, `None` for the largest.

    `notes` are doubts about the cases.
    """

    rows: pd.DataFrame
    cases: pd.DataFrame
    notes: list[str]
    against: str
    batch_size: int | None


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser(
        "costs", help="where the time goes", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="RUN.csv", type=Path, nargs="+", help="the run, or several of them")
    parser.add_argument(
        "--against", metavar="BACKEND", default=CONTROL, help=f"the backend to pass (default: {CONTROL})"
    )
    parser.add_argument(
        "--batch-size", metavar="N", type=int, help="where the payback is shown (default: the largest of each table)"
    )
    parser.add_argument("--format", choices=sections.FORMATS, default="text")
    parser.set_defaults(command=_main)


def _main(options: argparse.Namespace) -> int:
    frame = table.read_all(options.files)
    cases, notes = estimates.of_cases(frame), list(estimates.mixed(frame))
    if options.against != CONTROL:  # every row has its own ratio to NumPy
        _require(cases, "backend", options.against, "--against")
    if options.batch_size is not None:
        _require(cases, "batch_size", options.batch_size, "--batch-size")
    costs = Costs(cost_table(cases, options.against), cases, notes, options.against, options.batch_size)
    print(write(costs, options.format), end="")
    return 0


def _require(cases: pd.DataFrame, column: str, value: object, option: str) -> None:
    if not (cases[column] == value).any():
        found = ", ".join(map(str, sorted(cases[column].unique())))
        raise TableError(f"{option} {short(str(value))}: no row has it; found {found}")


def write(costs: Costs, form: str) -> str:
    """Return the costs in the form that `--format` names."""
    if form == "csv":
        return records.as_csv(costs.rows)
    if form == "json":
        intervals = estimates.replication(costs.cases)
        return records.as_json({"intervals": intervals, "notes": costs.notes, "costs": records.plain(costs.rows)})
    if form == "markdown":
        return sections.markdown(_sections(costs, None), _closing(costs))
    width = shutil.get_terminal_size().columns
    return sections.text(_sections(costs, width), _closing(costs), width, colour=sys.stdout.isatty())


def _sections(costs: Costs, width: int | None) -> Iterator[Section]:
    both = zip(sections.grouped(costs.rows), sections.grouped(costs.cases), strict=True)
    for (heading, unit, rows), (_, _, cases) in both:
        timed = rows[rows["reason"] == ""]
        tables = list(_tables(costs, timed, unit, width)) if len(timed) else []
        yield Section(heading, tables, [*_leaders(cases), *sections.notes(cases, cases["batch_size"].nunique())])


def _tables(costs: Costs, timed: pd.DataFrame, unit: str, width: int | None) -> Iterator[Table]:
    """Yield the table of a section, a line a backend."""
    asked = costs.batch_size or int(timed["batch_size"].max())
    backends = in_order(timed["backend"])
    lines = timed.drop_duplicates("backend").set_index("backend").loc[backends]
    there = timed[timed["batch_size"] == asked].set_index("backend").reindex(backends)
    faster = f"faster than {costs.against}"
    columns = {
        f"overhead a {unit}": [_overhead(row) for _, row in lines.iterrows()],
        "slope an element": [_cost(row, "slope_seconds") for _, row in lines.iterrows()],
        "off by": ["" if pd.isna(value) else units.ratio(1.0 + value) for value in lines["residual"]],
        faster: [str(words) for words in lines["crossover"]],
        f"payback at {asked:,}": ["" if pd.isna(words) else str(words) for words in there["payback"]],
    }
    for name, (title, shown) in FILLED.items():
        if there[name].notna().any():
            columns[f"{title} at {asked:,}"] = ["" if pd.isna(value) else shown(value) for value in there[name]]
    yield from sections.side_by_side(("backend", backends), columns, width, ("backend", faster))


def _overhead(row: pd.Series) -> str:
    """Return the overhead, or why there is none."""
    if row["fit"] == "poor":
        return f"poor fit at {row['residual_at']:,.0f}"
    return _cost(row, "overhead_seconds") or str(row["fit"])


def _cost(row: pd.Series, name: str) -> str:
    ends = [row[f"{name}{end}"] for end in ("", "_low", "_high")]
    return units.seconds_within(*ends) if row["fit"] == "good" else ""


def _leaders(cases: pd.DataFrame) -> Iterator[str]:
    """Yield from which batch size on the fastest at the largest one passes its runner-up."""
    found = fastest(cases[cases["batch_size"] == cases["batch_size"].max()])
    if found is None or found.runner_up is None:
        return
    one, other = found.backend, found.runner_up
    crossing = passes(cases, one, other)
    if crossing is not None:
        largest = f"{cases['batch_size'].max():,}"
        yield f"At {largest}, {one} has the lowest time, {other} the next. {one} faster than {other}: {crossing.words}."


def _closing(costs: Costs) -> list[str]:
    poor = units.percent(linear_cost.POOR)
    model = (
        "t(B) = overhead + slope · B. Off by: measured over modelled time, where the model misses by most; a poor fit "
        f"misses by more than {poor} beyond that time's own interval, and tells no costs."
    )
    return [
        model,
        f"Faster than {costs.against}: ≈ is interpolated, between the measured batch sizes in parentheses.",
        "Payback: calls until compiling and the first call have paid back against numpy.",
        estimates.replication(costs.cases),
        *costs.notes,
    ]
