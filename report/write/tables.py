"""Tables and lines as one text, for a terminal or as Markdown. All reports are rendered here."""

from __future__ import annotations

import io
import itertools
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from report.errors import printable
from report.write.escapes import markdown_text
from report.write.output import MARKDOWN_MARK

MARGIN = 2
"""Spaces between two columns in the terminal."""


class Heading(str):
    """The title of what follows."""

    __slots__ = ()


class Notes(list[str]):
    """Lines that explain the part above them. Each becomes a bullet."""


class Markup(str):
    """Markdown that is not escaped. Whatever comes from a file must have been escaped in it."""

    __slots__ = ()


Part = Table | Heading | Notes | Markup | str


def render(parts: Iterable[Part], width: int | None, *, colour: bool = False) -> str:
    """Return the parts as a text, with an empty line between them.

    The text is for a terminal of `width` columns. If `width` is `None`, it is Markdown, and escaped but for `Markup`.
    """
    if width is None:
        blocks = [MARKDOWN_MARK, *map(_markdown, parts)]
    else:
        blocks = [_terminal(part, width, colour=colour) for part in parts]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _terminal(part: Part, width: int, *, colour: bool) -> str:
    if isinstance(part, Table):
        return _drawn(part, width, colour=colour)
    if isinstance(part, Heading):
        return _drawn(Text(_wrapped(part, width), "bold"), width, colour=colour)
    if isinstance(part, Notes):
        return "\n".join(_wrapped(f"- {note}", width) for note in part)
    return "\n".join(_wrapped(line, width) for line in part.splitlines())


def _markdown(part: Part) -> str:
    if isinstance(part, Markup):
        return part
    if isinstance(part, Table):
        return _markdown_table(part)
    if isinstance(part, Heading):
        return f"### {markdown_text(part)}"
    if isinstance(part, Notes):
        return "\n".join(f"- {markdown_text(note)}" for note in part)
    return "\n".join(map(markdown_text, part.splitlines()))


def _markdown_table(part: Table) -> str:
    lines = zip(*map(_markdown_column, part.columns), strict=True)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown_column(column: Column) -> list[str]:
    """Return the header, the rule below it and the cells, all as wide as the longest of them."""
    header, *cells = (markdown_text(str(text)) for text in (column.header, *column.cells))
    width, right = max(map(len, [header, "---", *cells])), column.justify == "right"
    rule = "-" * (width - 1) + (":" if right else "-")
    return [text.rjust(width) if right else text.ljust(width) for text in (header, rule, *cells)]


def _drawn(part: Table | Text, width: int, *, colour: bool) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colour, highlight=False, soft_wrap=False).print(part)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join(lines).strip("\n")


def _wrapped(line: str, width: int) -> str:
    """Return the line wrapped to the width, indented from its second line on. A long word, like a path, stays whole."""
    return textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def table(names: Sequence[str], words: Sequence[str] = ()) -> Table:
    """Return an empty table with these columns. Columns of `words` are aligned left, the others, of numbers, right."""
    part = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, MARGIN - 1, 0, 0))
    for name in names:
        part.add_column(Text(name), justify="left" if name in words else "right", no_wrap=True)
    return part


def add_row(part: Table, *texts: str, style: str | None = None) -> None:
    """Add a row to the table. Its texts are shown as they are: rich would read markup in them, such as `[red]`."""
    part.add_row(*(Text(printable(" ".join(text.split()))) for text in texts), style=style)


def fits(columns: Mapping[str, Sequence[str]], width: int | None) -> bool:
    """Return whether a table with these columns, each with its texts, fits in `width`. Markdown always fits."""
    return width is None or sum(_width(name, texts) for name, texts in columns.items()) - MARGIN <= width


def side_by_side(
    first: tuple[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]],
    width: int | None,
    words: Sequence[str] = (),
) -> Iterator[Table]:
    """Yield the columns as one table or, if that is too wide, as several. Each table begins with the column `first`.

    Empty texts become dashes. Columns of `words` are aligned left, the others right.
    """
    left = dict(columns)
    room = None if width is None else width - _width(*first) + MARGIN
    while left:
        names = _fitting(left, room)
        part = table([first[0], *names], words)
        for line in zip(first[1], *(left.pop(name) for name in names), strict=True):
            add_row(part, *(text or "–" for text in line))
        yield part


def _width(name: str, texts: Sequence[str]) -> int:
    return max(map(len, [name, *texts])) + MARGIN


def _fitting(columns: Mapping[str, Sequence[str]], room: int | None) -> list[str]:
    """Return the names of the first columns, as many as fit side by side in `room`, and at least one."""
    widths = itertools.accumulate(_width(name, texts) for name, texts in columns.items())
    fitting = [room is None or total <= room for total in widths]
    return list(columns)[: max(1, sum(fitting))]
