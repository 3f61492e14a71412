"""The two sides of a duel, and the cases that they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.process.client import Side, StartError, Worker, select
from bench.process.protocol import CaseFields


@dataclass(frozen=True)
class Sides:
    """The two sides of a duel."""

    base: Side
    head: Side


@dataclass(frozen=True)
class Cases:
    """The cases of a duel: `common` to both sides, by number; `missing` from head; and `new` in head."""

    common: dict[int, CaseFields]
    missing: list[CaseFields]
    new: list[CaseFields]


def side_of(path: Path, python: str) -> Side:
    """Return the side, with absolute paths. A link, such as the interpreter of an environment, is not followed."""
    return Side(path.resolve(), str(Path(python).absolute()) if "/" in python else python)


def cases_of(sides: Sides, selection: dict[str, str | None]) -> Cases:
    """Return the cases that the options select on both sides. Raise `ValueError` if the sides share none."""
    base, head = (_select(side, selection) for side in (sides.base, sides.head))
    common = dict(enumerate(case for case in head if case in base))
    if not common:
        raise ValueError("base and head have no case in common")
    return Cases(common, [case for case in base if case not in head], [case for case in head if case not in base])


def _select(side: Side, selection: dict[str, str | None]) -> list[CaseFields]:
    if not (side.path / "bench" / "worker.py").is_file():
        raise StartError(f"{side.path}: no checkout of descent-bench that can duel: it has no bench/worker.py")
    with Worker(side, 1, "default") as worker:
        return select(worker, selection)


def describe(side: Side, other: Side) -> str:
    """Return the side in words: its checkout and commit, and its interpreter if the other side has another."""
    head, dirty = machine.commit(side.path)
    python = f", {side.python}" if side.python != other.python else ""
    return f"{side.path} at {head}{' with changes' if dirty else ''}{python}"
