"""Text from a file is text wherever it is written: in Markdown, and in GitHub's workflow commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from report import __main__ as report
from report.errors import printable
from report.write import tables
from report.write.escapes import annotation_property, annotation_text, markdown_text
from report.write.tables import Heading, Notes
from tests import rows

HOSTILE = [
    "# heading",
    "a\n# heading",
    "===",
    "---",
    "- list",
    "1. list",
    "12) list",
    "> quote",
    "    code",
    "```",
    "~~~",
    "`code`",
    "*em* **strong** _em_ __strong__ ~~gone~~",
    "snake_case_name_",
    "[link](https://evil.example)",
    "![image](https://evil.example/i.png)",
    "[a]: https://evil.example",
    "[^1]",
    "[ ] task",
    "[x] task",
    "<https://evil.example>",
    "https://evil.example http://evil.example ftp://evil.example www.evil.example WWW.evil.example",
    "@mention @a-team me@evil.example",
    "#1 org/repo#23 GH-45",
    "<lambda>",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "</details>",
    "&lt;b&gt; &#64;mention &commat;mention",
    "a | b |",
    "| --- |",
    ":-- | --:",
    "\\",
    "\\| a \\\\| b \\",
    "$x$ $$y$$",
    "head #",
    "%0A::error::",
    "\0 \x1b[31m \ud800 \u2028",
]
"""Texts that would be something else in Markdown than what they are."""

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.sampled_from(
    [*"\\`*_{}[]()<>#+-.!|~&;:@/$=%\"'^ \n\t01aå", "://", "www.", "](", "](x)", "```", "gh-", "&#64;", "   "]
)
TEXTS = st.lists(SIGNS, max_size=12).map("".join) | st.text(max_size=20)


def every_hostile_text(test: Callable[..., None]) -> Callable[..., None]:
    for text in HOSTILE:
        test = example(text)(test)
    return test


def shown(inline: Token) -> str:
    """Return the text that a piece of Markdown shows. It must hold nothing but text."""
    children = inline.children or []
    assert {child.type for child in children} <= {"text"}, [child.type for child in children]
    text = "".join(child.content for child in children)
    # What GitHub makes of bare text, once Markdown is done.
    assert not re.search(r"@\w|#\d|://|www\.|gh-\d", text, re.IGNORECASE), text
    return text.replace("\u200b", "")


def blocks(markdown: str, *types: str) -> list[Token]:
    """Return the pieces of text in a Markdown document, which must consist of these blocks."""
    tokens = PARSER.parse(markdown)
    assert [token.type for token in tokens] == [*types]
    return [token for token in tokens if token.type == "inline"]


def line(text: str) -> str:
    """Return the text as a line shows it: a space of no width within it cannot be told from ours."""
    return printable(" ".join(text.split()))


@every_hostile_text
@given(TEXTS)
@settings(max_examples=500)
def test_no_text_starts_anything_in_a_paragraph(text: str) -> None:
    if line(text):
        (only,) = blocks(f"{markdown_text(text)}\n", "paragraph_open", "inline", "paragraph_close")
        assert shown(only) == line(text)


@every_hostile_text
@given(TEXTS)
def test_no_text_ends_or_starts_a_line_between_others(text: str) -> None:
    """It neither underlines the line above as a heading, nor begins a table."""
    markdown = "\n".join(map(markdown_text, ("above", text, "below")))
    for token in PARSER.parse(markdown):
        assert token.type in {"paragraph_open", "inline", "paragraph_close"}
        assert {child.type for child in token.children or []} <= {"text", "softbreak"}


@every_hostile_text
@given(TEXTS)
def test_no_text_ends_a_heading_or_a_note_or_a_cell(text: str) -> None:
    title = text if line(text) else "title"
    cells = tables.table(["first", "second"], ["first"])
    tables.add_row(cells, text, "1")
    document = tables.render([Heading(title), Notes([title]), cells], None)
    found = [token for token in PARSER.parse(document) if token.type == "inline"]
    assert [shown(token) for token in found] == [
        line(title),
        line(title),
        "first",
        "second",
        line(text),
        "1",
    ]
    types = [token.type for token in PARSER.parse(document) if token.nesting == 1]
    assert types == [
        *("heading_open", "bullet_list_open", "list_item_open", "paragraph_open", "table_open"),
        *("thead_open", "tr_open", "th_open", "th_open", "tbody_open", "tr_open", "td_open", "td_open"),
    ]


def test_plain_words_stay_plain() -> None:
    words = "jax-loop at 1,000: seconds_per_step (see docs/ci.md), ×1.02 [1.01, 1.03] -2.0 %"
    assert markdown_text(words) == words


@pytest.mark.parametrize("command", ["show", "best", "costs", "trend", "compare"])
def test_no_report_lets_a_file_write_its_markdown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """The texts stand wherever a CSV holds text. Each has a problem of its own in one report, so all see each other."""
    paths = []
    for side in ("base", "head"):
        written = []
        for word in dict.fromkeys(text.replace("\0", "").strip() or "a" for text in HOSTILE):
            written += rows.launches([1e-3] * 5, run=side, backend=word, problem=word, dtype=word, sizes=word)
            written += [rows.row(None, run=side, backend="numpy", reason=word, problem=word, dtype=word, sizes=word)]
        paths.append(str(rows.write(tmp_path / f"{side}.csv", written)))
    files = paths if command == "compare" else paths[:1]
    assert report.main([command, "--format", "markdown", *files]) == 0
    printed = capsys.readouterr().out
    for token in PARSER.parse(printed.replace("**", "").replace("<details>", "").replace("</details>", "")):
        kinds = {child.type for child in token.children or []}
        assert kinds <= {"text", "softbreak", "html_inline"}
        assert "html_inline" not in kinds or "<summary>" in token.content
        assert token.type != "html_block" or token.content.startswith(("<!-- Made by", "<summary>"))
        assert not token.type.startswith(("fence", "code", "blockquote", "hr", "ordered"))
    assert not re.search(r"@\w|://", printed)


@pytest.mark.parametrize(
    ("text", "data", "of_property"),
    [
        ("100 %", "100 %25", "100 %25"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a: b, c", "a: b, c", "a%3A b%2C c"),
        ("%0A::error::", "%250A::error::", "%250A%3A%3Aerror%3A%3A"),
        ("\x1b[31m\ud800", "?[31m?", "?[31m?"),
    ],
)
def test_annotations_are_escaped_as_by_githubs_toolkit(text: str, data: str, of_property: str) -> None:
    assert annotation_text(text) == data
    assert annotation_property(text) == of_property


def test_a_reason_cannot_start_a_workflow_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    word = "no\r\n::error::100 %, it is: gone"
    base = rows.write(tmp_path / "base.csv", rows.launches([1e-3] * 5, run="base"))
    head = rows.write(tmp_path / "head.csv", [rows.row(None, run="head", launch=n, reason=word) for n in range(5)])
    assert report.main(["compare", "--format", "annotations", str(base), str(head)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("::error title=failed::")
    assert lines[1].endswith("no ::error::100 %25, it is: gone")
