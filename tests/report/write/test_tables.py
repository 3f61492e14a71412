"""Tables, headings, notes and lines: as text that fits a terminal, and as Markdown."""

from __future__ import annotations

import pytest
from rich.table import Table

from report.write import tables
from report.write.output import MARKDOWN_MARK
from report.write.tables import Heading, Notes, Part

LONG = "a sentence that is longer than the terminal is wide, and is wrapped"


def drawn(names: tuple[str, ...], lines: list[tuple[str, ...]]) -> Table:
    """Return a table whose first column holds words."""
    part = tables.table(names, words=names[:1])
    for line in lines:
        part.add_row(*line)
    return part


def parts() -> list[Part]:
    """Return one part of each kind, and an empty line, which is left out."""
    return ["first\nsecond", "", Heading("quadratic"), drawn(("backend", "1"), [("numpy", "2.00 µs")]), Notes(["why"])]


def test_a_terminal_gets_a_table_without_edges_and_a_line_between_the_parts() -> None:
    assert tables.render(parts(), 80) == (
        "first\nsecond\n\nquadratic\n\nbackend        1\n────────────────\nnumpy    2.00 µs\n\n- why\n"
    )


def test_markdown_gets_headings_pipes_and_bullets() -> None:
    assert tables.render(parts(), None) == (
        f"{MARKDOWN_MARK}\n\nfirst\nsecond\n\n### quadratic\n\n"
        "| backend |       1 |\n| ------- | ------: |\n| numpy   | 2.00 µs |\n\n- why\n"
    )


def test_long_lines_are_wrapped_and_indented_and_paths_stay_whole() -> None:
    path = "results/" + 40 * "x"
    lines = tables.render([LONG, Notes([LONG]), path], 30).splitlines()
    assert max(len(line) for line in lines if line != path) <= 30
    assert [line[:2] for line in lines if line] == ["a ", "  ", "  ", "- ", "  ", "  ", "re"]
    assert path in lines


def test_markdown_is_never_wrapped() -> None:
    assert f"- {LONG * 9}" in tables.render([Notes([LONG * 9])], None).splitlines()


def test_headings_are_bold_in_colour_only() -> None:
    assert "\x1b[1m" in tables.render([Heading("quadratic")], 80, colour=True)
    assert "\x1b" not in tables.render([Heading("[red]quadratic")], 80)
    assert tables.render([Heading("[red]quadratic")], 80) == "[red]quadratic\n"


COLUMNS = {"1": ["10.0 µs", ""], "1,000,000": ["1.00 ms", "2.00 ms"]}
BACKENDS = ("backend", ["jax-loop", "numpy"])


@pytest.mark.parametrize("width", [28, 80, None])
def test_columns_that_fit_are_one_table_and_an_empty_text_is_a_dash(width: int | None) -> None:
    assert tables.fits({"backend": BACKENDS[1]} | COLUMNS, width)
    (whole,) = tables.side_by_side(BACKENDS, COLUMNS, width, ("backend",))
    lines = tables.render([whole], width).removeprefix(f"{MARKDOWN_MARK}\n\n").replace("|", " ").splitlines()
    assert [line.split() for line in lines if "─" not in line and "--" not in line] == [
        ["backend", "1", "1,000,000"],
        ["jax-loop", "10.0", "µs", "1.00", "ms"],
        ["numpy", "–", "2.00", "ms"],
    ]


def test_columns_that_do_not_fit_are_cut_into_tables_that_all_name_the_backends() -> None:
    assert not tables.fits({"backend": BACKENDS[1]} | COLUMNS, 27)
    pieces = list(tables.side_by_side(BACKENDS, COLUMNS, 27, ("backend",)))
    assert [[str(column.header) for column in piece.columns] for piece in pieces] == [
        ["backend", "1"],
        ["backend", "1,000,000"],
    ]
    assert max(map(len, tables.render(pieces, 27).splitlines())) <= 27


def test_a_column_that_is_too_wide_alone_still_has_a_table() -> None:
    (piece,) = tables.side_by_side(BACKENDS, {"1": ["x" * 30, "y"]}, 20)
    assert [str(column.header) for column in piece.columns] == ["backend", "1"]
