"""The links between the pages of a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Link(NamedTuple):
    """A page of the site: what the link says, and the page's file."""

    text: str
    file: str


@dataclass(frozen=True)
class Navigation:
    """The links as the page in the file `current` shows them. `lacking` says which page the site has not, and why."""

    links: tuple[Link, ...]
    current: str
    lacking: str = ""
