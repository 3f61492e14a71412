"""Several machines side by side: one row for each, one column for each batch size, and which is the fastest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from report.errors import printable, some
from report.run import cases, machines
from report.run.machines import Standing
from report.table.keys import GROUP
from report.write import sections, tables, units
from report.write.sections import Section, unit

MAX_NAMES = 6
"""How many machines a line names."""

TITLE = "On which machine is it fastest?"


@dataclass(frozen=True)
class Comparison:
    """A comparison in words: its heading, the machines, the cells of each batch size, and which is the fastest.

    `rows` are those of `report.run.machines.compare`.
    """

    heading: str
    machines: list[str]
    columns: dict[str, list[str]]
    answers: list[str]
    rows: pd.DataFrame


def shown(every: pd.DataFrame, width: int | None) -> Iterator[Section]:
    """Yield the sections of the comparison of the machines; none if the cases are of one machine."""
    if not machines.several(every):
        return
    yield Section(TITLE, [], hardware(every))
    for found in comparisons(every):
        first = ("machine", found.machines)
        pieces = list(tables.side_by_side(first, found.columns, width, ("machine",)))
        yield Section(found.heading, pieces, found.answers)


def text(every: pd.DataFrame, width: int, *, colour: bool = False) -> str:
    """Return the comparison alone, for a terminal of `width` columns."""
    return tables.render(sections.parts(shown(every, width)), width, colour=colour)


def comparisons(every: pd.DataFrame) -> Iterator[Comparison]:
    """Yield the comparisons of the machines, in words."""
    names = machines.names(every)
    compared = machines.compare(every)
    for _, rows in compared.groupby([*machines.ACROSS, "devices"], sort=False):
        yield _comparison(rows.assign(name=[names[machines.key_of(row)] for _, row in rows.iterrows()]))


def _comparison(rows: pd.DataFrame) -> Comparison:
    backends = _backends(rows)
    several = len(set(backends)) > 1
    of = "each machine's fastest backend" if several else backends[0]
    keys = rows.iloc[0].to_dict() | {"device": rows["devices"].iloc[0]}
    heading = sections.heading([keys[name] for name in GROUP])
    order = _fastest_first(rows)
    cells = {
        (str(row["name"]), int(row["batch_size"])): f"{_time(row)}{f' {backend}' * several}"
        for (_, row), backend in zip(rows.iterrows(), backends, strict=True)
    }
    columns = {f"{size:,}": [cells.get((name, size), "") for name in order] for size in sorted(set(rows["batch_size"]))}
    return Comparison(
        f"{heading}: time per {unit(str(keys['operator']), str(keys['optimizer']))} of {of}",
        order,
        columns,
        [*_answers(rows)],
        rows,
    )


def _backends(rows: pd.DataFrame) -> list[str]:
    """Return the name of each row's backend, with its device if these differ."""
    several = len(set(rows["device"])) > 1
    return [f"{row['backend']} {row['device']}" if several else str(row["backend"]) for _, row in rows.iterrows()]


def _time(row: pd.Series) -> str:
    marks = ("~" if cases.noisy(row) else "") + ("*" if row["standing"] == Standing.FASTEST else "")
    return f"{marks}{units.seconds(row['seconds_per_step'])}"


def _fastest_first(rows: pd.DataFrame) -> list[str]:
    """Return the machines in the order of the geometric mean, over batch sizes, of their time over the fastest's."""
    means = np.log(rows["factor"]).groupby(rows["name"]).mean()
    return [str(name) for name in means.sort_values(kind="stable").index]


def _answers(rows: pd.DataFrame) -> Iterator[str]:
    """Yield which machine is the fastest at each batch size, and how many times as long the next one takes."""
    for size, same in rows.groupby("batch_size"):
        first = same.iloc[0]
        if first["standing"] == Standing.ALONE:
            answer = f"only {first['name']} has a time"
        elif first["standing"] == Standing.FASTEST:
            answer = f"{first['name']} is the fastest; the next, {_next(same.iloc[1])}"
        else:
            open_ = [str(name) for name in same.loc[same["standing"] == Standing.NOT_SEPARATED, "name"]]
            answer = f"not separated: {some(open_, MAX_NAMES)}"
        yield printable(f"at {size:,}: {answer}")


def _next(row: pd.Series) -> str:
    within = units.factor_within(row["factor"], row["factor_low"], row["factor_high"])
    return f"{row['name']}, takes ×{within} as long"


def hardware(every: pd.DataFrame) -> list[str]:
    """Return what the machines are, those of the same hardware in one line, and how they are compared."""
    names = machines.names(every)
    alike: dict[str, list[str]] = defaultdict(list)
    for _, row in every.drop_duplicates(machines.PLACE).iterrows():
        what = ", ".join(filter(None, [str(row["cpu"]), str(row["gpu"]), units.count(int(row["threads"]), "thread")]))
        alike[what].append(names[machines.key_of(row)])
    noisy = f"~ noisy: the interval is wider than ± {units.percent(cases.NOISY)}."
    return [
        *(printable(f"{some(of_it, MAX_NAMES)}: {what}") for what, of_it in alike.items()),
        "Nothing is pooled: each machine's intervals are from its own launches. Times alone are compared.",
        f"* fastest: separated from all other machines. {noisy}",
    ]
