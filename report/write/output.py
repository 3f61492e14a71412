"""The files that the project writes. It overwrites only what it made itself, and never an input.

A file says at its beginning who made it: Markdown in a comment, a page in its generator. A picture has no such line:
it counts as ours if it is a picture of the kind that its name says.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from report.errors import ReportError

MARKDOWN_MARK = "<!-- Made by descent-bench. -->"
HTML_MARK = '<meta name="generator" content="descent-bench">'

PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<svg"}
"""How a picture begins, by the ending of its name."""

BEGINNING = 1024
"""How many bytes of a file are searched for a mark."""


def write_text(path: Path, text: str, inputs: Iterable[Path] = (), begins: str = "") -> Path:
    """Write the text to a file, and return its path.

    Raises `ReportError` as `refuse_foreign` does, and if the file cannot be written.
    """
    refuse_foreign(path, inputs, begins)
    try:
        path.write_text(text, encoding="utf-8", errors="replace")  # half a surrogate pair cannot be encoded
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error
    return path


def refuse_foreign(path: Path, inputs: Iterable[Path] = (), begins: str = "") -> None:
    """Raise `ReportError` if `path` is one of the inputs, or a file that the project did not make.

    A file is ours if it has a mark, or if it begins with `begins`. An empty file holds nothing that could be lost.
    """
    if any(_same(path, other) for other in inputs):
        raise ReportError(f"{path}: is an input, and would be overwritten; name another file")
    try:
        if not path.is_file():
            return  # a new file, or a device such as /dev/stdout
        with path.open("rb") as file:
            start = file.read(BEGINNING)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error
    if start and not _is_ours(start, path.suffix, begins):
        raise ReportError(f"{path}: exists, and descent-bench did not make it; remove it, or name another file")


def refuse_foreign_beside(csv: Path, *, page: bool = True) -> None:
    """Raise `ReportError` if the summary of a run, or its page, could not be written beside the run's CSV."""
    for ending in (".md", ".html") if page else (".md",):
        refuse_foreign(csv.with_suffix(ending), (csv,))


def _is_ours(start: bytes, ending: str, begins: str) -> bool:
    beginnings = (begins.encode(), PICTURES.get(ending, b""))
    return any(mark.encode() in start for mark in (MARKDOWN_MARK, HTML_MARK)) or any(
        start.startswith(beginning) for beginning in beginnings if beginning
    )


def _same(path: Path, other: Path) -> bool:
    """Whether both paths name the same file. A file that is not there yet has only its path."""
    try:
        return path.samefile(other)
    except OSError:
        return path.absolute() == other.absolute()
