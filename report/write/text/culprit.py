"""The outcome of a search, for people: the culprit, how it was found, and its duel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from rich.table import Table

from report.compare.culprit import Culprit
from report.write import tables, units
from report.write.headline import headline, name_of
from report.write.tables import Heading, Notes, Part
from report.write.text import comparison as duels

MORE = "This step is a part of it: others between the ends add the rest. --every shows them."


def text(found: Culprit, width: int | None, *, colour: bool = False) -> str:
    """Return the outcome for a terminal of `width` columns, or as Markdown if `width` is `None`."""
    return tables.render(_parts(found), width, colour=colour)


def answer(found: Culprit) -> str:
    """Return in a sentence which release or commit it was, or why none can be named."""
    if not found.case:
        return f"Nothing to find in {found.what}: {headline(found.ends)}"
    bad, good = _description(found, found.first_bad), _description(found, found.last_good)
    case = name_of(found.ends, pd.Series(found.case))
    if not found.is_confirmed:
        return f"Not found: the search led to {bad}, but its duel with {good} does not confirm that {case} got slower."
    if found.between:
        names = ", ".join([*found.between, found.first_bad])
        return f"{case} got slower after {good}: one of {names} did it. Those between could not be judged."
    return f"{bad} made {case} slower: {_factor(found)} against {good}."


def _parts(found: Culprit) -> Iterator[Part]:
    yield answer(found)
    if not found.case:
        yield from duels.parts(found.ends)
        return
    yield Heading("The search")
    yield _course(found)
    if found.steps:
        yield _steps(found)
    yield Notes(_notes(found))
    yield Heading(f"The duel of {found.last_good} and {found.first_bad}")
    if found.duel is not None:
        yield from duels.parts(found.duel)


def _course(found: Culprit) -> str:
    """Return what led the search, and what a candidate was judged by."""
    row = found.of_case(found.ends)
    whole = "" if row is None else units.factor_within(row["ratio"], row["low"], row["high"])
    halfway = 1.0 if row is None else float(np.sqrt(row["ratio"]))
    case, base, head = name_of(found.ends, pd.Series(found.case)), found.ends.base, found.ends.head
    return (
        f"{case} in {head} takes ×{whole} of what it takes in {base}. "
        f"Each candidate duelled with {base}: below ×{halfway:.3f}, halfway, it is as good, above slower. "
        "All these intervals together hold at 95 %, also over several looks."
    )


def _steps(found: Culprit) -> Table:
    part = tables.table(["candidate", "against the good end", "pairs", "judged"], ("candidate", "judged"))
    part.columns[0].no_wrap = False
    for step in found.steps:
        tables.add_row(part, step.description, f"×{units.factor_within(*step.ratio)}", f"{step.pairs}", step.answer)
    return part


def _notes(found: Culprit) -> list[str]:
    passed = {**found.unusable, **found.between}
    lines = [f"passed over: {name}: {reason or 'its interval holds halfway'}" for name, reason in passed.items()]
    return [*lines, MORE] if found.is_partial else lines


def _description(found: Culprit, name: str) -> str:
    """Return a candidate as the steps or the duels describe it."""
    described = {step.name: step.description for step in found.steps}
    if found.duel is not None:
        described |= {found.last_good: found.duel.base, found.first_bad: found.duel.head}
    return described.get(name, name)


def _factor(found: Culprit) -> str:
    row = found.of_case(found.duel)
    return "" if row is None else f"×{units.factor_within(row['ratio'], row['low'], row['high'])}"
