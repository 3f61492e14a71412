"""How text is escaped that may come from a file: in Markdown, and in GitHub's workflow commands.

A backend's name or an exception's text may hold anything: `<lambda>`, `@mention`, `](link)`, a pipe. Whoever opens a
pull request can choose it. It must be shown as it is, and be nothing but text.
"""

from __future__ import annotations

import re

from report.errors import printable

BREAK = "&#8203;"
"""A space of no width. GitHub makes mentions and links of what is left after Markdown, so a backslash is not enough."""

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

MARKUP = re.compile(r"[\\`*~|$#&<>]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])")
"""Characters that mean something anywhere in a line.

An underscore within a word is only an underscore, and brackets alone, such as those of an interval, are no link.
"""

LINE_START = re.compile(r"^(?=\[|[-+](?:\s|$)|[-=:][-=:\s]*$)|^(\d+)(?=[.)](?:\s|$))")
"""What means something at the start of a line alone: an item of a list, a task, an underline, a rule of a table."""

LINKS = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=gh)(?=-\d)", re.IGNORECASE)
"""Where GitHub would make a link of bare text: a mention, an issue's number, an address."""


def markdown_text(text: str) -> str:
    """Return the text for one line of Markdown, or for a cell of its tables, so that exactly this text is shown."""
    parts = LINKS.split(printable(" ".join(text.split())))
    escaped = (MARKUP.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), part) for part in parts)
    return LINE_START.sub(r"\1\\", BREAK.join(escaped))


def annotation_text(text: str) -> str:
    """Return the text of a workflow command, escaped as `escapeData` of GitHub's toolkit does it."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def annotation_property(text: str) -> str:
    """Return a property of a workflow command, escaped as `escapeProperty` of GitHub's toolkit does it."""
    return annotation_text(text).replace(":", "%3A").replace(",", "%2C")
