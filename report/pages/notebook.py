"""A page as a notebook shows it: in a frame of its own, so that neither's styles and scripts reach the other."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path

from report.write import output

HEIGHT = 800
"""The height of the frame in pixels. The page scrolls in it."""


@dataclass(frozen=True)
class Page:
    """The page of a run, as HTML."""

    text: str = field(repr=False)

    def save(self, path: Path | str) -> Path:
        """Write the page to a file, and return its path.

        An older page is overwritten. Raises `ReportError` if the file is another, or if it cannot be written.
        """
        return output.write_text(Path(path), self.text)

    def _repr_html_(self) -> str:
        page = html.escape(self.text)
        return f'<iframe srcdoc="{page}" width="100%" height="{HEIGHT}" style="border: 0"></iframe>'
