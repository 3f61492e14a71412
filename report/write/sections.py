"""The sections of a report: cases that belong together, their heading, and why some of them have no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from rich.table import Table

from report.errors import printable
from report.table.keys import CONDITIONS, GROUP, LBFGS, SGD, in_order
from report.write import words
from report.write.tables import Heading, Notes, Part

FORMATS = ("text", "markdown", "csv", "json")
"""The formats of a report: sections for people, and a table for programs."""


@dataclass(frozen=True)
class Section:
    """A part of a report: its heading, its tables, and notes that explain them."""

    heading: str
    tables: list[Table]
    notes: list[str]


def parts(sections: Iterable[Section], opening: Sequence[str] = (), closing: Sequence[str] = ()) -> Iterator[Part]:
    """Yield the parts that `tables.render` renders: the opening lines, the sections, and the closing lines."""
    yield "\n".join(opening)
    for section in sections:
        yield Heading(section.heading)
        yield from section.tables
        yield Notes(section.notes)
    yield "\n".join(closing)


def grouped(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield for each group of cases its heading, what its times are per (a step or a call), and its cases.

    The heading names the conditions, such as the machine, that differ within the frame.
    """
    mixed = [name for name in CONDITIONS if len(frame[name].unique()) > 1]
    for keys, rows in frame.groupby([*GROUP, *CONDITIONS]):
        yield heading(keys, mixed), unit(str(keys[2]), str(keys[3])), rows


def heading(keys: Sequence[object], mixed: Sequence[str] = ()) -> str:
    """Return the heading of cases with these values of `GROUP`, or of `GROUP` and `CONDITIONS`.

    It names the `mixed` conditions.
    """
    problem, sizes, operator, optimizer, dtype, device, steps, *conditions = keys
    most = "at most " * (optimizer == LBFGS)
    by = f" by {optimizer}" * (optimizer != SGD)
    length = f" of {most}{steps} steps{by}" if operator == "descent" else ""
    values = zip(CONDITIONS, conditions, strict=bool(conditions))
    under = "".join(f", {name} {value}" for name, value in values if name in mixed)
    return f"{problem}{f' ({sizes})' * bool(sizes)}: {operator}{length}, {dtype}, {device}{under}"


def titles(rows: pd.DataFrame) -> pd.Series:
    """Return the heading of each row's group: `logistic (dimension=16): descent of 100 steps, float32, cpu`."""
    keys = rows[[*GROUP, *CONDITIONS]].astype("str")
    mixed = [name for name in CONDITIONS if len(set(keys[name])) > 1]
    every = [*keys.itertuples(index=False, name=None)]
    names = {key: heading(key, mixed) for key in set(every)}
    return pd.Series([names[key] for key in every], index=rows.index)


def unit(operator: str, optimizer: str) -> str:
    """Return what the times of an operator are per: a step or a call. `lbfgs` takes as many steps as it needs."""
    return "step" if operator == "descent" and optimizer != LBFGS else "call"


def reasons(cases: pd.DataFrame, batch_sizes: int) -> Iterator[str]:
    """Yield a line for each reason why cases have no time, with their backends and batch sizes.

    The batch sizes are left out if they are all of the group's, of which there are `batch_sizes`.
    """
    failed = cases[cases["failed"] > 0]
    for _, same in failed.groupby(["status", "reason", "failed", "launches"]):
        case = same.iloc[0]
        status = words.status(case["status"], case["failed"], case["launches"])
        which = f"{', '.join(in_order(same['backend']))}{where(same, batch_sizes)}"
        yield printable(f"{status}: {which}: {case['reason']}")


def where(cases: pd.DataFrame, batch_sizes: int) -> str:
    """Return the batch sizes of these cases, to follow other words: ` at 1, 100`; empty if they are all there are."""
    sizes = sorted(cases["batch_size"].unique())
    return "" if len(sizes) == batch_sizes else f" at {', '.join(f'{size:,}' for size in sizes)}"
