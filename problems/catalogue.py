"""The table of problems, made from the docstrings of their files.

A docstring of the template has a line for each fact: a label, two spaces or more, and the text, with further lines
indented below. The table shows `Formula` and `Stresses`. A file without them still has its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import ModuleType

from problems import Problem, modules
from problems.sizes import sizes_text

NOTHING = "–"


def markdown() -> str:
    """Return the table of all problems, as Markdown."""
    return markdown_table(("problem", "formula", "sizes", "what it stresses"), map(_row, modules().values()))


def _row(module: ModuleType) -> tuple[str, ...]:
    problem, facts = module.PROBLEM, sections(module.__doc__ or "")
    formula = f"`{facts['Formula']}`" if "Formula" in facts else NOTHING
    return f"`{problem.name}`", formula, _sizes(problem) or NOTHING, facts.get("Stresses", NOTHING)


def _sizes(problem: Problem) -> str:
    """Return the problem's own sizes, and those of its presets, each with its name."""
    presets = (f"{name}: {sizes_text(preset.sizes)}" for name, preset in problem.presets.items())
    return "; ".join((sizes_text(problem.sizes), *presets))


def sections(docstring: str) -> dict[str, str]:
    """Return the text of each label of the template, on one line."""
    found = re.findall(r"^([A-Z]\w*) {2,}(.*(?:\n[ \t]+.*)*)", docstring, re.MULTILINE)
    return {label: " ".join(text.split()) for label, text in found}


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; a `|` within a cell is escaped."""
    header = tuple(header)
    return "".join(map(_line, (header, ("---",) * len(header), *rows)))


def _line(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"
