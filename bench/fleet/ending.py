"""What every fleet does with what comes back from its jobs, and what it says at its end."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TypeAlias

from bench.fleet.job import Answer
from bench.fleet.state import Fleet
from report.errors import printable, some
from report.write import units

Outcomes: TypeAlias = Generator[tuple[int, Answer | str], None, None]
"""Yields what came back from each job as it ends: the number of its launch, and the answer, or why there is none."""

MAX_NUMBERS = 10
"""How many launches a line names."""


def collect(fleet: Fleet, outcomes: Outcomes, *, quiet: bool = False) -> None:
    """Keep every answer as it comes, and print a line for each on standard error."""
    before, total = len(fleet.answered), len(fleet.numbers)
    if before and not quiet:
        print(f"{before} of {total} launches have their rows already", file=sys.stderr)
    with closing(outcomes):
        for ended, (number, answer) in enumerate(outcomes, start=before + 1):
            said = f"{ended} of {total}: launch {number}, {fleet.plan.place(number)}: {fleet.collect(number, answer)}"
            if not quiet:
                print(printable(said), file=sys.stderr)


def lines(fleet: Fleet) -> Iterator[str]:
    """Yield how many launches have rows, what machines differ in, and why launches have none."""
    answers = list(fleet.answers())
    yield f"{len(answers):,} of {units.count(len(fleet.numbers), 'launch', 'launches')} measured."
    differences = {answer["host"]: "; ".join(answer["differences"]) for answer in answers if answer["differences"]}
    yield from (printable(f"{host} differs: {words}") for host, words in sorted(differences.items()))
    if fleet.repeated:
        yield f"{units.count(fleet.repeated, 'answer')} came again, and was dropped."
    by_reason: dict[str, list[str]] = defaultdict(list)
    for number, reason in fleet.failures().items():
        by_reason[f"{fleet.plan.place(number)}: {reason}"].append(str(number))
    for reason, numbers in by_reason.items():
        yield printable(f"no rows: launch {some(numbers, MAX_NUMBERS)}, {reason}")
    if fleet.missing:
        yield "The same command measures the launches that have no rows."
