"""Sections of a report for people: a heading, tables, and notes; for the terminal, or as Markdown."""

from __future__ import annotations

import io
import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report.errors import printable
from report.table.keys import CONDITIONS, GROUP, in_order

FORMATS = ("text", "markdown", "csv", "json")
"""What `--format` knows of a report that has sections for people, and a table for programs."""

MARGIN = 2
"""What stands between two columns in the terminal."""


@dataclass(frozen=True)
class Section:
    """A part of a report; the notes explain its tables, line by line."""

    heading: str
    tables: list[Table]
    notes: list[str]


def text(sections: Iterable[Section], closing: Sequence[str], width: int, *, colour: bool = False) -> str:
    """Return the sections, and the closing lines, for a terminal of `width` columns."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, highlight=False, soft_wrap=False)
    for section in sections:
        console.print(f"\n[bold]{escape(wrapped(section.heading, width))}[/bold]")
        for part in section.tables:
            console.print(part)
        for note in section.notes:
            console.print(escape(wrapped(note, width)))
    console.print()
    for line in closing:
        console.print(escape(wrapped(line, width)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def markdown(sections: Iterable[Section], closing: Sequence[str]) -> str:
    """Return the sections, and the closing lines, as Markdown."""
    out = io.StringIO()
    console = Console(file=out, width=10_000, color_system=None, highlight=False)
    for section in sections:
        console.print(f"\n### {section.heading}\n", markup=False)
        for part in section.tables:
            part.box, part.padding = box.MARKDOWN, (0, 1)
            console.print(part)
        console.print("\n" + "\n".join(f"- {note}" for note in section.notes), markup=False)
    console.print("\n" + "\n".join(closing), markup=False)
    lines = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def wrapped(line: str, width: int) -> str:
    """Return the line in pieces that fit, the later ones set in; long words, such as paths, stay whole."""
    return textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def side_by_side(
    first: tuple[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]],
    width: int | None,
    words: Sequence[str] = (),
) -> Iterator[Table]:
    """Yield the table, cut into several where the columns do not fit beside each other; each begins with `first`.

    Columns of `words` stand at the left, the others at the right.
    """
    left = dict(columns)
    edge = _width(*first)
    while left:
        names = _fitting(left, width and width - edge)
        part = table([first[0], *names], words)
        for line in zip(first[1], *(left.pop(name) for name in names), strict=True):
            part.add_row(*(escape(cell or "–") for cell in line))
        yield part


def table(names: Sequence[str], words: Sequence[str] = ()) -> Table:
    """Return an empty table of these columns; those of `words` stand at the left, and the others, numbers, do not."""
    part = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        part.add_column(escape(name), justify="left" if name in words else "right", no_wrap=True)
    return part


def _width(name: str, cells: Sequence[str]) -> int:
    return max(map(len, [name, *cells])) + MARGIN


def _fitting(columns: Mapping[str, Sequence[str]], width: int | None) -> list[str]:
    """Return the first columns that fit beside each other, at least one."""
    widths = itertools.accumulate(_width(name, cells) for name, cells in columns.items())
    fits = [width is None or total <= width for total in widths]
    return list(columns)[: max(1, sum(fits))]


def grouped(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield the rows that belong together: a heading, what their times are per, and the rows.

    What a run holds fixed, such as the machine, is in the heading where the frame has several.
    """
    mixed = [name for name in CONDITIONS if len(frame[name].unique()) > 1]
    for keys, rows in frame.groupby([*GROUP, *CONDITIONS]):
        yield heading(keys, mixed), unit(str(keys[2])), rows


def heading(keys: Sequence[object], mixed: Sequence[str] = ()) -> str:
    """Return how rows with these values of `GROUP` and `CONDITIONS` are called; only `mixed` conditions are named."""
    problem, sizes, operator, dtype, device, steps, *held = keys
    length = f" of {steps} steps" if operator == "descent" else ""
    under = "".join(f", {name} {value}" for name, value in zip(CONDITIONS, held, strict=True) if name in mixed)
    return f"{problem}{f' ({sizes})' * bool(sizes)}: {operator}{length}, {dtype}, {device}{under}"


def unit(operator: str) -> str:
    """Return what the times of an operator are per."""
    return "step" if operator == "descent" else "call"


def notes(cases: pd.DataFrame, batch_sizes: int) -> Iterator[str]:
    """Yield a line for each reason why some of the cases have no time, with the cells that it holds for.

    Batch sizes are named unless they are all of so many.
    """
    for reason, same in cases[cases["reason"] != ""].groupby("reason"):
        status, _, why = str(reason).partition(": ")
        yield printable(f"{status}: {', '.join(in_order(same['backend']))}{where(same, batch_sizes)}: {why}")


def where(cases: pd.DataFrame, batch_sizes: int) -> str:
    """Return the batch sizes of these cases; nothing where they are as many as there are."""
    found = sorted(cases["batch_size"].unique())
    return "" if len(found) == batch_sizes else f" at {', '.join(f'{size:,}' for size in found)}"
