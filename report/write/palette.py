"""The colours and shapes of backends and of verdicts, in every picture and on every page.

The hue of a backend says which framework it is, and its shade and shape say which mode. The hues are those of Okabe and
Ito, which the colour-blind can tell apart. On a dark ground the shades differ, and the hues stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from report.statistics.verdict import Verdict
from report.table.keys import framework, in_order


class Look(NamedTuple):
    """How a backend or a verdict is drawn: its colour on white, its colour on a dark ground, its shape."""

    light: str
    dark: str
    shape: str


class Hue(NamedTuple):
    """The colour of a framework on white, and on a dark ground."""

    light: str
    dark: str


HUES = {
    "numpy": Hue("#6a6a6a", "#f2f2f2"),
    "autograd": Hue("#009e73", "#14b88a"),
    "casadi": Hue("#b9ac00", "#f0e442"),
    "jax": Hue("#0072b2", "#56b4e9"),
    "numba": Hue("#7d5a3c", "#dcb587"),
    "tensorflow": Hue("#cc79a7", "#e08fc0"),
    "torch": Hue("#d55e00", "#e8722a"),
}

OTHERS = (Hue("#5b4bb5", "#a99cf5"), Hue("#117a8b", "#5fd0dc"), Hue("#8f1d4f", "#f58ab0"))
"""For frameworks that the project does not come with."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left")

BLACK, WHITE = "#000000", "#ffffff"
LIGHT_SHADES = ((BLACK, 0.0), (BLACK, 0.42), (WHITE, 0.35), (BLACK, 0.2))
DARK_SHADES = ((BLACK, 0.0), (BLACK, 0.32), (WHITE, 0.5), (BLACK, 0.16))
"""What the hue is mixed with, and how much of it, by the number of the mode. Modes that follow differ the most."""

GREY = Look("#6b7480", "#9aa4b0", "circle")

VERDICTS = {
    **dict.fromkeys(Verdict, GREY),
    Verdict.REGRESSED: Look("#c8510a", "#ff8a4c", "triangle-right"),
    Verdict.IMPROVED: Look("#0072b2", "#56b4e9", "triangle-left"),
    Verdict.INCONCLUSIVE: Look("#9a7d00", "#e0c341", "diamond"),
}
"""The look of a case by its verdict. Only what changed, or may have changed, has a colour."""


def looks(backends: Iterable[str]) -> dict[str, Look]:
    """Return the look of each backend, in the order of every table."""
    names = in_order(backends)
    unknown = [name for name in dict.fromkeys(map(framework, names)) if name not in HUES]
    others = {name: OTHERS[number % len(OTHERS)] for number, name in enumerate(unknown)}
    return {
        mode: _look(HUES.get(of) or others[of], number)
        for of, modes in groupby(names, framework)
        for number, mode in enumerate(modes)
    }


def _look(hue: Hue, number: int) -> Look:
    """Return the look of a framework's mode of this number. Of 28 modes, each has its own."""
    light, dark = LIGHT_SHADES[number % len(LIGHT_SHADES)], DARK_SHADES[number % len(DARK_SHADES)]
    return Look(_mixed(hue.light, *light), _mixed(hue.dark, *dark), SHAPES[number % len(SHAPES)])


def _mixed(colour: str, other: str, share: float) -> str:
    """Return the colour with this share of another one. Both are written `#rrggbb`."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(own + share * (its - own)):02x}" for own, its in pairs)
