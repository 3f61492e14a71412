"""The colours and shapes of backends and of verdicts, in every picture and on every page.

The hue of a backend says which framework it is, and its shade and shape say which mode. The hues are those of Okabe and
Ito, which the colour-blind can tell apart. On a dark ground the shades differ, and the hues stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from report.statistics.verdict import Verdict
from report.table.keys import in_order


class Look(NamedTuple):
    """How a backend or a verdict is drawn: its colour on white, its colour on a dark ground, its shape."""

    light: str
    dark: str
    shape: str


LOOKS = {
    "numpy": Look("#222222", "#f2f2f2", "circle"),
    "numpy-inplace": Look("#8c8c8c", "#a3a3a3", "square"),
    "autograd": Look("#d99100", "#e69f00", "circle"),
    "autograd-fwdrev": Look("#a06e00", "#f7d38a", "square"),
    "autograd-losses": Look("#6b4a00", "#c98d1f", "triangle-up"),
    "casadi-step": Look("#7a8c00", "#b5c934", "circle"),
    "casadi-loop": Look("#4d5a00", "#dbe88a", "square"),
    "casadi-sx": Look("#a3b300", "#8c9c1f", "triangle-up"),
    "jax-grad": Look("#56b4e9", "#2f86cc", "circle"),
    "jax-jit": Look("#0072b2", "#56b4e9", "square"),
    "jax-loop": Look("#003d66", "#bfe3fa", "triangle-up"),
    "jax-revrev": Look("#4f63c9", "#93a4ff", "diamond"),
    "jax-scan": Look("#2a9d8f", "#6fd6c9", "cross"),
    "numba-jit": Look("#9c6b3c", "#c99a68", "circle"),
    "numba-loop": Look("#5e3a17", "#ecd3b5", "square"),
    "tensorflow-eager": Look("#b58be0", "#9a6fd0", "circle"),
    "tensorflow-function": Look("#8a4fc7", "#bf9aed", "square"),
    "tensorflow-xla": Look("#5b2a91", "#e0cdf8", "triangle-up"),
    "tensorflow-loop": Look("#3a1466", "#a45ee8", "diamond"),
    "torch-optim": Look("#cc79a7", "#cc79a7", "circle"),
    "torch-grad": Look("#d55e00", "#e8722a", "square"),
    "torch-func": Look("#f0a070", "#f7bf9c", "triangle-up"),
    "torch-compile-step": Look("#8b1a1a", "#ff6b5e", "diamond"),
    "torch-fused": Look("#e0527a", "#ff9ab5", "cross"),
}

OTHERS = (
    Look("#009e73", "#1fc79a", "circle"),
    Look("#66c2a5", "#8fe0c8", "square"),
    Look("#a89100", "#d4bd3a", "triangle-up"),
    Look("#7f5fa8", "#b79be0", "diamond"),
)
"""For backends that the project does not come with."""

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
    unknown = [name for name in names if name not in LOOKS]
    others = {name: OTHERS[index % len(OTHERS)] for index, name in enumerate(unknown)}
    return {name: LOOKS.get(name) or others[name] for name in names}
