"""`python -m bench check`: is a problem right in every backend? It checks answers as the race does, untimed."""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from backends import Case
from bench import clock, options
from bench.case.failure import Failure
from bench.case.rounds import Budget
from bench.case.row import Launch, Row
from bench.inventory import Objective
from bench.options import TIMEOUT, TIMEOUT_SECONDS, seconds
from bench.own.files import named
from bench.process.client import Side
from bench.process.pool import Pool
from bench.process.protocol import Message
from bench.progress import progress
from bench.racing.race import Race
from bench.racing.referee import MAX_DIFFERENCE, Losses, Referee, relative_difference
from bench.selection import Selection, select
from report.table.keys import BROKEN
from report.write import tables, units

DEFAULTS = {"operator": "descent", "backend": "all", "dtype": "all", "batch_size": "the problem's smallest"}
"""What is checked if an option is not given, as the help says it."""

UNTIMED = Budget(0.0, 0.0, 0)

EPILOG = """\
Exit codes: 0, every backend that can run the problem is right. 1, an answer is wrong, something raised, the losses of
the frameworks differ, or nothing could be checked. 2, usage, such as a file that cannot be imported.
"""


@dataclass
class Check:
    """What was found about a problem at one batch size. `kept` is the answer to `keep`, empty if nobody was asked."""

    objective: Objective
    batch_size: int
    reference: str | Failure
    losses: Losses
    kept: Message
    rows: list[Row] = field(default_factory=list)

    def statuses(self) -> list[str]:
        """Return the status of every case."""
        return [row["status"] for row in self.rows]

    def differences(self) -> dict[str, float]:
        """Return how far each loss is from the first, where that is too far."""
        first = next(iter(self.losses.values.values()), 0.0)
        found = {name: relative_difference(first, value) for name, value in self.losses.values.items()}
        return {name: difference for name, difference in found.items() if not difference <= MAX_DIFFERENCE}

    def is_right(self) -> bool:
        """Return whether something was checked, and nothing is wrong or raised."""
        statuses = set(self.statuses())
        raised = bool(self.losses.failures) or "status" in self.kept
        return "ok" in statuses and not (statuses & set(BROKEN) or raised or self.differences())


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "check",
        help="check a problem of yours in every backend, without timing",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("problem", metavar="FILE", help="mine.py, mine.py:NAME, or the name of a problem")
    for name, text in options.HELP.items():
        if name not in {"problem", "device"}:
            words = text.partition(" (default")[0]
            shown = f"{words} (default: {DEFAULTS[name]})" if name in DEFAULTS else text
            parser.add_argument(options.flag(name), metavar=options.METAVAR.get(name, "LIST"), help=shown)
    parser.add_argument("--case-timeout", metavar="SECONDS", default=str(TIMEOUT_SECONDS), help=TIMEOUT)
    parser.set_defaults(device="cpu")
    return parser


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Check the problem with the chosen options, print what was found, and return the exit code."""
    started, timeout = clock.now(), seconds(chosen.case_timeout)
    words, files = named(selection | {name: selection[name] or DEFAULTS[name] for name in ("backend", "dtype")})
    with closing(Pool(None, "default", timeout, side=Side(arguments=files.arguments()))) as pool:
        selected = select(words, pool.inventory, pool.objectives)
        found = _checked(selected, pool, timeout, smallest=selection["batch_size"] is None)
    parts = [part for check in found for part in _parts(check)]
    count = " · ".join(_counts([status for check in found for status in check.statuses()]))
    ending = f"{count}; in {clock.now() - started:.0f} s"
    width = shutil.get_terminal_size().columns
    print(tables.render([*parts, ending], width, colour=sys.stdout.isatty()), end="")
    return int(not all(check.is_right() for check in found))


def _checked(selected: Selection, pool: Pool, timeout: float, *, smallest: bool) -> list[Check]:
    """Check the cases; `smallest` leaves those at the smallest batch size of each problem."""
    least = {name: min(objective.batch_sizes) for name, objective in selected.objectives.items()}
    cases = [case for case in selected.cases if not smallest or case.batch_size == least[case.problem]]
    referee = Referee(pool, selected.inventory, selected.objectives, timeout)
    race = Race(referee, UNTIMED, timeout, Path(), Launch())
    found: dict[tuple[str, int], Check] = {}
    with progress() as bar:
        for case in bar.track(cases):
            key = (case.problem, case.batch_size)
            if key not in found:
                found[key] = _asked(referee, case)
            found[key].rows.append(race.run(case, None))
    return list(found.values())


def _asked(referee: Referee, case: Case) -> Check:
    """Return what the referee says of the case's problem, whichever backend it is about."""
    reference = referee.chosen(case)
    kept = {} if isinstance(reference, Failure) else referee.kept(case, reference)
    return Check(referee.objectives[case.problem], case.batch_size, reference, referee.losses(case), kept)


def _parts(check: Check) -> Iterator[tables.Part]:
    yield tables.Heading(f"{check.objective.name} at batch size {check.batch_size}, on the CPU")
    yield "\n".join(_findings(check))
    yield _table(check.rows)
    yield tables.Notes(f"{who}: {reason}" for who, reason in _failures(check))


def _findings(check: Check) -> Iterator[str]:
    """Yield what the backends are held to, and how sure that is."""
    if check.objective.is_derived:
        yield "reference: the hand-derived gradient"
    else:
        yield f"reference: {'none' if isinstance(check.reference, Failure) else f'{check.reference} in float64'}"
    if "gradient_error" in check.kept:
        yield f"its gradient: off by {check.kept['gradient_error']:.1g} from central differences of the loss"
    if check.kept.get("rate") is not None:
        yield f"learning rate: {check.kept['rate']:g}, found here; the file gives none"
    off = check.differences()
    for name, value in check.losses.values.items():
        wrong = f", which differs by {off[name]:.2g}" if name in off else ""
        yield f"loss at the start in {name}: {value:.10g}{wrong}"


def _table(rows: list[Row]) -> Table:
    """Return the table: a line for each backend and operator, a column for each dtype."""
    dtypes = list(dict.fromkeys(row["dtype"] for row in rows))
    cells = {(row["operator"], row["backend"], row["dtype"]): _verdict(row) for row in rows}
    lines = list(dict.fromkeys((row["operator"], row["backend"]) for row in rows))
    names = ["operator", "backend", *dtypes]
    part = tables.table(names, words=names)
    for operator, backend in lines:
        tables.add_row(part, operator, backend, *(cells[operator, backend, dtype] for dtype in dtypes))
    return part


def _verdict(row: Row) -> str:
    if row["status"] == "ok":
        return "right"
    return f"wrong by {row['relative_error']:.2g}" if "relative_error" in row else str(row["status"])


def _failures(check: Check) -> Iterator[tuple[str, str]]:
    """Yield each reason once, after the names of those that failed for it."""
    reasons: dict[str, str] = {}
    names: dict[str, dict[str, None]] = {}
    for row in check.rows:
        if row["status"] != "ok":
            reason = _anonymous(row["reason"], row["backend"])
            reasons.setdefault(_cause(reason), reason)
            names.setdefault(_cause(reason), {})[row["backend"]] = None
    others = [(f"the loss in {name}", reason) for name, reason in check.losses.failures.items()]
    others += [("the reference", check.kept["reason"])] if "status" in check.kept else []
    yield from ((", ".join(names[cause]), reason) for cause, reason in reasons.items())
    for who, reason in others:
        if not any(_cause(_anonymous(reason)) in shown for shown in reasons.values()):
            yield who, _anonymous(reason)


def _anonymous(reason: str, backend: str = "") -> str:
    """Return the reason without the name of the backend, so that those of all modes of a framework are the same."""
    return re.sub(r"\([\w-]+; parameters", "(parameters", reason.removeprefix(f"{backend}: "))


def _cause(reason: str) -> str:
    """Return what two failures of one cause share: the line and the exception, `mine.py:8: RuntimeError`, or all."""
    located = re.match(r".+?\.py:\d+: \w+", reason)
    return located[0] if located else reason


def _counts(statuses: list[str]) -> Iterator[str]:
    for status, group in itertools.groupby(sorted(statuses, key=_order)):
        yield f"{units.count(len(list(group)), 'case')} {'right' if status == 'ok' else status}"


def _order(status: str) -> tuple[bool, str]:
    return status != "ok", status
