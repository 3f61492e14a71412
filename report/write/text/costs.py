"""The costs of a run: as text and Markdown for people, and as CSV and JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd
from rich.table import Table

from report.run.costs import COST, COST_COLUMNS, Costs, Fit, passes
from report.run.fastest import fastest
from report.statistics import linear_cost
from report.table.keys import CONTROL, in_order
from report.write import records, sections, tables, units, words
from report.write.sections import Section

FILLED: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "startup_seconds": ("start-up", units.seconds),
    "compile_seconds": ("compile", units.seconds),
    "warm_compile_seconds": ("from disk", units.seconds),
    "roofline_fraction": ("of the limit", units.percent),
    "gradient_over_value": ("gradient / value", units.ratio),
    "peak_bytes": ("peak memory", units.size),
    "seconds_to_target": ("to the target", units.seconds),
}
"""Columns that are shown only if the run has filled them: their headings, and how their figures are written."""


def write(costs: Costs, form: str, width: int, *, colour: bool = False) -> str:
    """Return the costs in one of `sections.FORMATS`."""
    if form == "csv":
        return records.as_csv(_rows(costs))
    if form == "json":
        notes = [*filter(None, [words.without_ratio(costs.cases)]), *words.mixed(costs.mixed)]
        whole = {"intervals": words.replication(costs.cases), "notes": notes, "costs": records.plain(_rows(costs))}
        return records.as_json(whole)
    shown = None if form == "markdown" else width
    parts = sections.parts(_sections(costs, shown), closing=_closing(costs))
    return tables.render(parts, shown, colour=colour)


def _rows(costs: Costs) -> pd.DataFrame:
    """Return the table as a file has it, with its facts in words."""
    texts = {name: [_text(name, row) for _, row in costs.rows.iterrows()] for name in ("fit", "crossover", "payback")}
    texts["reason"] = [words.no_time(row) for _, row in costs.rows.iterrows()]
    written = costs.rows.assign(**texts)
    ends = [f"{name}{end}" for name in COST_COLUMNS for end in ("", "_low", "_high") if f"{name}{end}" in written]
    return written[[*COST, *ends]]


def _text(name: str, row: pd.Series) -> str:
    """Return the fit, the crossover or the payback of a row in words. The text is empty if the row has none."""
    found = row[name]
    if name == "fit":
        return f"{row['points']} of {linear_cost.MIN_BATCH_SIZES} batch sizes" if found == Fit.TOO_FEW else str(found)
    if found is None:
        return ""
    return words.crossover_at(found) if name == "crossover" else words.payback_after(found)


def _sections(costs: Costs, width: int | None) -> Iterator[Section]:
    both = zip(sections.grouped(costs.rows), sections.grouped(costs.cases), strict=True)
    for (heading, unit, rows), (_, _, cases) in both:
        timed = rows[rows["failed"] == 0]
        shown = list(_tables(costs, timed, unit, width)) if len(timed) else []
        yield Section(heading, shown, [*_leaders(cases), *sections.reasons(cases, cases["batch_size"].nunique())])


def _tables(costs: Costs, timed: pd.DataFrame, unit: str, width: int | None) -> Iterator[Table]:
    """Yield the table of a section, which has one row per backend. It is cut into tables that fit the width.

    Without any ratio to NumPy, what is compared with NumPy is left out.
    """
    backends = in_order(timed["backend"])
    of_backend = timed.drop_duplicates("backend").set_index("backend").loc[backends]
    faster = f"faster than {costs.against}"
    columns = {
        f"overhead per {unit}": [_overhead(row) for _, row in of_backend.iterrows()],
        "cost per element": [_cost(row, "element_seconds") for _, row in of_backend.iterrows()],
        "off by": ["" if pd.isna(value) else units.ratio(1.0 + value) for value in of_backend["residual"]],
    }
    if costs.against != CONTROL or timed["ratio"].notna().any():
        columns[faster] = [_text("crossover", row) for _, row in of_backend.iterrows()]
    size = costs.batch_size or int(timed["batch_size"].max())
    at_size = timed[timed["batch_size"] == size].set_index("backend").reindex(backends)
    columns |= {f"{title} at {size:,}": texts for title, texts in _columns_at(at_size)}
    yield from tables.side_by_side(("backend", backends), columns, width, ("backend", faster))


def _columns_at(cases: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns that are shown at one batch size. A backend that has no case there has a row of NaN."""
    if cases["ratio"].notna().any():
        yield "payback", ["" if pd.isna(row["launches"]) else _text("payback", row) for _, row in cases.iterrows()]
    for name, (title, write_figure) in FILLED.items():
        if cases[name].notna().any():
            yield title, ["" if pd.isna(value) else write_figure(value) for value in cases[name]]


def _overhead(row: pd.Series) -> str:
    """Return the overhead, or why it is not known."""
    if row["fit"] == Fit.POOR:
        return f"poor fit at {row['residual_at']:,.0f}"
    return _cost(row, "overhead_seconds") or _text("fit", row)


def _cost(row: pd.Series, name: str) -> str:
    ends = [row[f"{name}{end}"] for end in ("", "_low", "_high")]
    return units.seconds_within(*ends) if row["fit"] == Fit.GOOD else ""


def _leaders(cases: pd.DataFrame) -> Iterator[str]:
    """Yield where the fastest backend at the largest batch size passes its runner-up, if there are two backends."""
    found = fastest(cases[cases["batch_size"] == cases["batch_size"].max()])
    if found is None or found.runner_up is None:
        return
    first, second = found.backend, found.runner_up
    crossing = passes(cases, first, second)
    if crossing is not None:
        yield (
            f"At {cases['batch_size'].max():,}, {first} has the lowest time and {second} the second lowest. "
            f"Where {first} is faster than {second}: {words.crossover_at(crossing)}."
        )


def _closing(costs: Costs) -> list[str]:
    poor = units.percent(linear_cost.POOR)
    lines = [
        "t(B) = overhead + cost per element · B. Off by: measured over modelled time, where the model is off most.",
        f"A poor fit misses a time by more than {poor} beyond that time's own interval. Its costs are not shown.",
    ]
    with_ratio = costs.rows["ratio"].notna().any()
    if with_ratio or costs.against != CONTROL:
        lines.append(f"Faster than {costs.against}: ≈ is interpolated between the measured batch sizes in parentheses.")
    if with_ratio:
        lines.append(
            "Payback: the number of calls after which start-up, compiling and the first call have paid back against "
            "numpy."
        )
    if lacking := words.without_ratio(costs.cases):
        lines.append(f"{lacking} So there is no payback, nor a crossover with NumPy: --against BACKEND names another.")
    return [*lines, words.replication(costs.cases), *words.mixed(costs.mixed)]
