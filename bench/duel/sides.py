"""The two sides of a duel, and the cases that they have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from backends import Case
from bench import machine
from bench.case.failure import Failure
from bench.own.files import NONE, Files
from bench.process.client import Side, StartError, Worker, select
from bench.process.pool import Pool
from bench.process.protocol import CaseFields
from bench.racing.referee import Referee
from report.table.keys import framework


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


def side_of(path: Path, python: str, files: Files = NONE) -> Side:
    """Return the side, with absolute paths. A link, such as the interpreter of an environment, is not followed."""
    return Side(path.resolve(), str(Path(python).absolute()) if "/" in python else python, files.arguments())


def in_common(base: list[CaseFields], head: list[CaseFields]) -> Cases:
    """Return which cases both sides have, and which only one has. Raise `ValueError` if they share none."""
    common = dict(enumerate(case for case in head if case in base))
    if not common:
        raise ValueError("base and head have no case in common")
    return Cases(common, [case for case in base if case not in head], [case for case in head if case not in base])


def cases_on(name: str, side: Side, selection: dict[str, str | None]) -> list[CaseFields]:
    """Return the cases that the options select on the side of this name, which errors begin with.

    Raise `ValueError` if an option is wrong there, and `StartError` if the side does not start.
    """
    if not (side.path / "bench" / "worker.py").is_file():
        raise StartError(f"{name}: {side.path}: no checkout of descent-bench that can duel: it has no bench/worker.py")
    try:
        with Worker(side, 1, "default") as worker:
            return select(worker, selection)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    except StartError as error:
        raise StartError(f"{name}: {error}") from error


def refereed(sides: Sides, cases: list[CaseFields], start: Callable[[Side], Pool], resources: ExitStack) -> Sides:
    """Return the sides with the right answers of problems that nobody derived by hand, each side with its own.

    `start` returns workers of a side. The answers are deleted when the resources are closed. Raise `ValueError` if the
    losses of a side disagree, or if it has no reference.
    """
    folders = {}
    for name, side in vars(sides).items():
        pool = start(side)
        resources.callback(pool.close)
        if fault := _keep_answers(pool, cases):
            raise ValueError(f"{name}: {fault}")
        pool.end_workers()
        folders[name] = pool.references
    return Sides(*(replace(side, references=folders[name]) for name, side in vars(sides).items()))


def _keep_answers(pool: Pool, cases: list[CaseFields]) -> str | None:
    """Keep the answers of the cases whose problem nobody derived by hand. Return why that is not possible."""
    objectives = pool.objectives()
    underived = [Case(**case) for case in cases if not objectives[case["problem"]].is_derived]
    inventory = pool.inventory(dict.fromkeys(framework(case.backend) for case in underived))
    referee = Referee(pool, inventory, objectives)
    for case in underived:
        reference = referee.reference(case)
        if isinstance(reference, Failure):
            return f"{case.problem}: {reference.reason}"
    return None


def describe(side: Side, other: Side) -> str:
    """Return the side in words: its checkout and commit, and its interpreter if the other side has another."""
    head, dirty = machine.commit(side.path)
    python = f", {side.python}" if side.python != other.python else ""
    return f"{side.path} at {head}{' with changes' if dirty else ''}{python}"
