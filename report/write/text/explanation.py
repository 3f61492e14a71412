"""The evidence about the cases that changed, in words: what differs between base and head, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.table import Table

from report.compare import explanation
from report.compare.comparison import Comparison
from report.compare.explanation import Change, Evidence, Explained, Found, NoEvidence
from report.errors import printable
from report.write import tables, units
from report.write.headline import name_of
from report.write.sections import Section

MAX_LINES = 10
"""How many lines a table of differences has."""

MAX_VERSIONS = 20
"""How many versions are named."""

CALLS = "calls in one call"
SHARES = "share of the profile"
PEAK, COMPILING = "peak memory", "compile time"
OPENING = (
    "What differs between base and head, gathered apart from the timing: evidence, and no proof of a cause. Calls are "
    "counted in one call of the program, after warm-up. Shares are a function's own time in a profile by cProfile, "
    "which slows Python's calls: no timing."
)
NOTHING = "No case regressed or improved: there is nothing to explain."


def opening(comparison: Comparison) -> list[str]:
    """Return the lines before the sections; none if no explanation was asked for."""
    if comparison.explanations is None:
        return []
    if not comparison.explanations:
        return [NOTHING]
    return [OPENING, *_versions(comparison.explanations)]


def sections(comparison: Comparison) -> Iterator[Section]:
    """Yield a section for each explained case."""
    for explained in comparison.explanations or ():
        yield Section(_heading(comparison, explained), *_differences(explained))


def _heading(comparison: Comparison, explained: Explained) -> str:
    rows = comparison.rows
    for name, value in explained.case.items():
        rows = rows[rows[name] == value]
    if rows.empty:
        return " ".join(printable(str(value)) for value in explained.case.values())
    return f"{name_of(comparison, rows.iloc[0])}, {rows['verdict'].iloc[0]}: what differs"


def _differences(explained: Explained) -> tuple[list[Table], list[str]]:
    """Return the tables of what differs, and notes."""
    base, head = explained.base, explained.head
    if isinstance(base, NoEvidence) or isinstance(head, NoEvidence):
        sides: dict[str, Found] = {"base": base, "head": head}
        return [], [_missing(name, side) for name, side in sides.items() if isinstance(side, NoEvidence)]
    counts = {CALLS: explanation.changed(base.calls, head.calls)}
    counts |= {f"operations: {level}": changes for level, changes in explanation.operations(base, head)}
    shares = {SHARES: explanation.moved(base, head)}
    parts = [_table(title, changes, _count, _step) for title, changes in counts.items() if changes]
    parts += [_table(title, changes, units.percent, _points) for title, changes in shares.items() if changes]
    return parts, [*_left_out(counts | shares), *_notes(base, head), *_same(base, head, counts | shares)]


def _missing(name: str, side: NoEvidence) -> str:
    if side.status == explanation.TOO_OLD:
        return f"{name}: its checkout is too old to explain itself: {side.reason}"
    return printable(f"{name} has no evidence: {side.status}: {side.reason}")


def _table(title: str, changes: list[Change], figure: Callable[[float], str], by: Callable[[Change], str]) -> Table:
    part = tables.table([title, "base", "head", "change"], (title,))
    part.columns[0].no_wrap, part.columns[0].overflow = False, "fold"
    for change in changes[:MAX_LINES]:
        tables.add_row(part, change.name, figure(change.base), figure(change.head), by(change))
    return part


def _notes(base: Evidence, head: Evidence) -> Iterator[str]:
    if compiling := explanation.compiling(base, head):
        both = f"{units.seconds(compiling.base)} in base, {units.seconds(compiling.head)} in head"
        yield f"{COMPILING}: {both}, clocked once each"
    if peak := explanation.peak(base, head):
        yield f"{PEAK}: {units.size(peak.base)} in base, {units.size(peak.head)} in head"
    for name, side in (("base", base), ("head", head)):
        if side.unread:
            yield printable(f"{name}: the operations could not be read: {side.unread}")


def _same(base: Evidence, head: Evidence, listed: dict[str, list[Change]]) -> Iterator[str]:
    """Yield what was looked at and does not differ, or that nothing differs."""
    same = {title: not changes for title, changes in listed.items()}
    if base.peak_bytes is not None and head.peak_bytes is not None:
        same[PEAK] = explanation.peak(base, head) is None
    same[COMPILING] = explanation.compiling(base, head) is None
    names = ", ".join(title for title, unchanged in same.items() if unchanged)
    if names:
        yield f"{'nothing differs' if all(same.values()) else 'no difference in'}: {names}"


def _left_out(listed: dict[str, list[Change]]) -> Iterator[str]:
    for title, changes in listed.items():
        more = len(changes) - MAX_LINES
        if more > 0:
            yield f"{title}: {more:,} more differ; explanation.json has all"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _step(change: Change) -> str:
    if not change.base:
        return "new"
    return f"{change.head - change.base:+,.0f}" if change.head else "gone"


def _points(change: Change) -> str:
    return f"{100 * (change.head - change.base):+.0f} points"


def _versions(explanations: tuple[Explained, ...]) -> Iterator[str]:
    """Yield which versions differ. All cases of a side have the same ones, but for a side that could not say."""
    known = [one for one in explanations if isinstance(one.base, Evidence) and isinstance(one.head, Evidence)]
    if not known:
        return
    differing = explanation.versions(known[0])
    if not differing:
        yield "Versions: the same on both sides."
        return
    words = [f"{name} {base or 'none'} → {head or 'none'}" for name, base, head in differing[:MAX_VERSIONS]]
    more = len(differing) - MAX_VERSIONS
    rest = f", and {more:,} more in explanation.json" if more > 0 else ""
    yield printable(f"Versions that differ: {', '.join(words)}{rest}.")
