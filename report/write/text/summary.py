"""The summary of a run: a table for each group of cases, with one row per backend and one column per batch size.

A case shows its time per step. If the terminal is wide enough for all tables, it shows its ratio to NumPy too, if it
has one. `*` marks the fastest of a column if it is separated from all others, in time and in ratio. `~` marks a noisy
case. Notes below a table say why cases have no time, and list the warnings of the self-audit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from report.errors import printable
from report.run import cases, machines, relative
from report.run.cases import NOISY
from report.run.decisions import decide
from report.run.fastest import fastest
from report.table import warnings
from report.table.keys import REFUSED, framework, in_order
from report.write import machines as machines_text
from report.write import output, sections, tables, units, words
from report.write.sections import Section
from report.write.text import relative as quotients
from report.write.text.best import decisions

MAX_SECTIONS = 6
"""How many sections a terminal shows at the end of a race. Nobody reads more."""


def text(frame: pd.DataFrame, width: int, relative_to: str | None = None, *, colour: bool = False) -> str:
    """Return the summary for a terminal of `width` columns.

    `relative_to` names a backend. Below the times of a group is then a table of their quotients to its times.
    """
    return _rendered(cases.from_rows(frame), width, relative_to, colour=colour)


def markdown(frame: pd.DataFrame, relative_to: str | None = None) -> str:
    """Return the summary as Markdown."""
    return _rendered(cases.from_rows(frame), None, relative_to)


def write_markdown(frame: pd.DataFrame, path: Path, relative_to: str | None = None) -> None:
    """Write the summary beside the CSV at `path`, with the ending `.md`.

    Raises `ReportError` if it cannot be written, or if a file of that name is there that the project did not make.
    """
    output.write_text(path.with_suffix(".md"), markdown(frame, relative_to), (path,))


def ending(frame: pd.DataFrame, path: Path, width: int, relative_to: str | None = None, *, colour: bool = False) -> str:
    """Return what a race prints at its end: the summary, or the decision table if the summary would be too long.

    `path` is the CSV of the race.
    """
    every = cases.from_rows(frame)
    timed = cases.timed(every)
    if len(list(sections.grouped(timed))) <= MAX_SECTIONS:
        return _rendered(every, width, relative_to, colour=colour)
    noisy, warned = int(cases.noisy(timed).sum()), int((timed["warnings"] != "").sum())
    option = f" {relative.FLAG} {relative_to}" if relative_to else ""
    answer = (
        machines_text.text(every, width, colour=colour)
        if machines.several(every)
        else decisions.text(decide(frame), width, colour=colour)
    )
    return (
        f"{answer}\n"
        f"Of {units.count(len(timed), 'case')}, {noisy:,} are noisy and {warned:,} have warnings.\n"
        f"python -m report show {path}{option} shows all of them, and says why.\n"
    )


def _rendered(every: pd.DataFrame, width: int | None, relative_to: str | None, *, colour: bool = False) -> str:
    refused = every.groupby("device")["status"].transform(lambda found: found.isin(REFUSED).all())
    groups = list(sections.grouped(every[~refused])) if not refused.all() else []
    ratios = all(tables.fits(_columns(rows, ratios=True), width) for _, _, rows in groups)
    shown = [*machines_text.shown(every, width)]
    shown += [section for group in groups for section in _sections(*group, width, relative_to, ratios=ratios)]
    if refused.any():
        shown.append(Section("Not here", [], list(_refusals(every[refused]))))
    parts = sections.parts(shown, _legend(every, ratios=ratios), _closing(every))
    return tables.render(parts, width, colour=colour)


def _refusals(rows: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each device and framework on which nothing can run, with the first reason."""
    frameworks = rows["backend"].map(framework)
    for (device, name), same in rows.groupby(["device", frameworks], sort=False):
        count = units.count(len(same), "case")
        yield printable(f"{device}, {name}: {count} {same['status'].iloc[0]}: {same['reason'].iloc[0]}")


def _sections(  # noqa: PLR0913 (a group is its heading, unit and rows)
    heading: str, unit: str, rows: pd.DataFrame, width: int | None, relative_to: str | None, *, ratios: bool
) -> Iterator[Section]:
    yield _section(heading, unit, rows, width, ratios=ratios)
    timed = cases.timed(rows)
    if relative_to and not timed.empty:
        title = f"{heading}: time per {unit}"
        yield quotients.section(title, rows, relative_to, _fastest_first(timed), width)


def _section(heading: str, unit: str, rows: pd.DataFrame, width: int | None, *, ratios: bool) -> Section:
    sizes = rows["batch_size"].nunique()
    notes = [*sections.reasons(rows, sizes), *_warnings(rows, sizes)]
    if cases.timed(rows).empty:
        return Section(heading, [], notes)
    columns = _columns(rows, ratios=ratios)
    first = ("backend", columns.pop("backend"))
    pieces = list(tables.side_by_side(first, columns, width, ("backend",)))
    return Section(f"{heading}: time per {unit}", pieces, notes)


def _columns(rows: pd.DataFrame, *, ratios: bool) -> dict[str, list[str]]:
    """Return the columns of the table: the backends, fastest first, and their cases at each batch size."""
    timed = cases.timed(rows)
    ratios = ratios and bool(timed["ratio"].notna().any())
    backends = _fastest_first(timed)
    sizes = {size: timed[timed["batch_size"] == size] for size in sorted(set(timed["batch_size"]))}
    columns = {f"{size:,}": _column(same, backends, ratios=ratios) for size, same in sizes.items()}
    return {"backend": backends} | columns


def _fastest_first(timed: pd.DataFrame) -> list[str]:
    """Return the backends in the order of the geometric mean, over batch sizes, of their time over the fastest time."""
    factors = timed["seconds"] / timed.groupby("batch_size")["seconds"].transform("min")
    means = factors.map(np.log).groupby(timed["backend"]).mean()
    return [str(name) for name in means.sort_values(kind="stable").index]


def _column(rows: pd.DataFrame, backends: list[str], *, ratios: bool) -> list[str]:
    """Return the cases of one batch size, a text for each backend. It is empty for a backend without a time."""
    found = fastest(rows)
    winner = found.backend if found is not None and found.separated else None
    texts = {row["backend"]: _case(row, ratios=ratios, wins=row["backend"] == winner) for _, row in rows.iterrows()}
    return [texts.get(name, "") for name in backends]


def _case(row: pd.Series, *, ratios: bool, wins: bool) -> str:
    marks = ("~" if cases.noisy(row) else "") + ("*" if wins else "")
    time = f"{marks}{units.seconds(row['seconds_per_step'])}"
    if not ratios:
        return time
    return f"{time} {'×–' if pd.isna(row['ratio']) else units.ratio(row['ratio'])}"


def _warnings(rows: pd.DataFrame, batch_sizes: int) -> Iterator[str]:
    """Yield a line for each warning, with the cases that have it and its remedy."""
    of_rows = [warnings.split(text) for text in rows["warnings"]]
    for warning in sorted({warning for of_row in of_rows for warning in of_row}):
        warned = rows[[warning in of_row for of_row in of_rows]]
        which = [
            f"{name}{sections.where(warned[warned['backend'] == name], batch_sizes)}"
            for name in in_order(warned["backend"])
        ]
        yield printable(f"{warning.name}: {'; '.join(which)}: {warning.remedy}")


def _legend(every: pd.DataFrame, *, ratios: bool) -> list[str]:
    timed = cases.timed(every)
    if timed.empty:
        return []
    with_ratio = bool(timed["ratio"].notna().any())
    noisy = f"{int(cases.noisy(timed).sum())} of {units.count(len(timed), 'case')}"
    return [
        f"Fastest backend first. A column is a batch size.{' × is the ratio to NumPy.' * (ratios and with_ratio)}",
        f"* fastest: separated from all others{', in time and in ratio' * with_ratio}.",
        f"~ noisy: the 95 % interval is wider than ± {units.percent(NOISY)} ({noisy}).",
        *filter(None, [words.without_ratio(every)]),
    ]


def _closing(every: pd.DataFrame) -> list[str]:
    return [
        words.replication(every),
        "python -m report best names the fastest backends; costs says where time goes.",
    ]
