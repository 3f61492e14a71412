"""One process pair: a process of base and a process of head, alive side by side, that alternate round by round.

Both are pinned to the same CPU with one thread and the steady allocator; with a GPU, to two CPUs with two threads. Both
run the same number of calls in a round, and chance decides which runs first. What the machine does to one process it
also does to the other.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from bench import clock
from bench.case.failure import Failure
from bench.duel.sides import Sides
from bench.options import PRECISIONS
from bench.process.client import Worker, WorkerError
from bench.process.protocol import CaseFields

MIN_ROUND_SECONDS = 0.001
"""The shortest round, unless one call takes longer.

On a shared machine, rounds of half a millisecond scatter little more than rounds of ten. So the number of rounds
matters more than their length (docs/methodology.md).
"""

MIN_ROUNDS = 3

ROUNDS_PER_MOVE = 8
"""After so many rounds both sides move their arrays.

The positions of the arrays relative to each other change a case's time by some percent. Without moves they would do so
for the whole pair.
"""

ROUNDS_PER_CHECK = 32
"""Every so many rounds, the pair checks whether the precision target is met."""

MEDIAN_DEVIATION = 0.6744897501960817
"""The median distance of a normal law from its median, in standard deviations.

`scipy.stats.median_abs_deviation` divides by it too, and takes a second to import.
"""


@dataclass(frozen=True)
class Effort:
    """How a pair measures a case, and how many pairs run at once.

    Rounds end when their median is known to `precision`, a standard error, or after `seconds`. `timeout` is in seconds
    and for one request. `lanes` is the number of pairs that run at once, and `cpus` how many CPUs each has.
    `products` is the precision in which a GPU multiplies float32 arrays.
    """

    seconds: float
    precision: float
    timeout: float
    lanes: int
    cpus: int = 1
    products: str = PRECISIONS[0]


class Measured(NamedTuple):
    """The rounds of one case: calls in each, and for each the seconds of base and of head."""

    iterations: int
    rounds: list[tuple[float, float]]


Failures: TypeAlias = dict[str, Failure]
"""Why a case has no rounds, by side: `base`, `head` or both."""

Outcome: TypeAlias = Measured | Failures


def outcomes(
    sides: Sides, cases: Iterator[tuple[int, CaseFields]], cpus: list[int], effort: Effort
) -> Generator[tuple[int, Outcome], None, None]:
    """Yield the number and the outcome of each case, measured on these CPUs.

    A case that ends a process fails alone: a new pair of processes measures the cases after it.
    """
    for first in cases:
        with ExitStack() as stack:
            # Chance also decides which side starts and prepares first, so that the order is no difference between them.
            order = random.sample(list(vars(sides).items()), 2)
            workers = {
                name: stack.enter_context(Worker(side, len(cpus), "steady", cpus, precision=effort.products))
                for name, side in order
            }
            for number, case in itertools.chain([first], cases):
                yield number, _prepare(workers, case, effort.timeout) or _rounds(workers, effort)
                if any(worker.ended for worker in workers.values()):
                    break


def _prepare(workers: dict[str, Worker], case: CaseFields, timeout: float) -> Failures:
    """Prepare the case on both sides at once. Return why it cannot run, by side; empty if it can."""
    for worker in workers.values():
        worker.send("prepare", case=case)
    failures = {}
    for name, worker in workers.items():
        try:
            answer = worker.answer(timeout)
        except WorkerError as error:
            failures[name] = error.failure
            continue
        if answer["status"] != "ok":
            failures[name] = Failure(answer["status"], answer["reason"])
    return failures


def _rounds(workers: dict[str, Worker], effort: Effort) -> Outcome:
    """Time rounds of both sides by turns, in random order, until they are precise enough or the time is over."""
    rounds: list[tuple[float, float]] = []
    try:
        answers = [worker.ask("calibrate", effort.timeout, seconds=MIN_ROUND_SECONDS) for worker in workers.values()]
        iterations = max(int(answer["iterations"]) for answer in answers)
        end = clock.now() + effort.seconds
        while len(rounds) < MIN_ROUNDS or (clock.now() < end and not precise(rounds, effort.precision)):
            seconds = {}
            for name, worker in random.sample(list(workers.items()), len(workers)):
                seconds[name] = float(worker.ask("round", effort.timeout, iterations=iterations)["seconds"])
            rounds.append((seconds["base"], seconds["head"]))
            if len(rounds) % ROUNDS_PER_MOVE == 0:
                for worker in workers.values():
                    worker.ask("move", effort.timeout)
    except WorkerError as error:
        return {name: error.failure for name, worker in workers.items() if worker.ended}
    return Measured(iterations, rounds)


def precise(rounds: list[tuple[float, float]], precision: float) -> bool:
    """Whether the median log ratio has a standard error within `precision`. Checked every `ROUNDS_PER_CHECK` rounds.

    The check looks at the scatter of the rounds alone, so it favours neither side.
    """
    if len(rounds) % ROUNDS_PER_CHECK:
        return False
    logs = np.log([head / base for base, head in rounds])
    scatter = float(np.median(np.abs(logs - np.median(logs)))) / MEDIAN_DEVIATION
    return bool(math.sqrt(math.pi / 2.0 / len(rounds)) * scatter <= precision)
