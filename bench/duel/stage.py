"""The duel: base against head, two processes alive side by side, alternating round by round.

Both are pinned to the same CPU with one thread and a steady allocator, and run the same number of calls a round, in
random order; what the machine does to one it does to the other. A process's memory layout alone moves a case by some
percent and no repetition within it averages that away, so the unit is the process pair: address randomisation stays on,
the environment's size varies, and each pair is a new draw. Suspects are measured again in fresh pairs, and their
verdict rests on those alone.
"""

from __future__ import annotations

import math
import os
import queue
import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from math import log
from typing import NamedTuple

from numpy.typing import ArrayLike
from scipy import stats

from bench import machine
from bench.launches import Case
from bench.process.client import Side, Worker, WorkerError

ROUND_SECONDS = 0.001
"""The shortest round, where a call is not longer: on a shared machine a round scatters as much whether it takes half a
millisecond or ten, so what counts is how many there are (docs/methodology.md)."""

MIN_ROUNDS = 3
MOVE = 8
"""After so many rounds the arrays of either side are put elsewhere, where that is cheap: how they lie to each other in
memory alone moves a case by some percent, and would else do so for the whole of a pair."""

LOOK = 32
"""After so many rounds it is looked whether they suffice, and after as many again."""

MOST_LANES = 2

CHANCE = ("crashed", "timeout", "oom")
"""What may befall a process once: such a failure is one when it happens in a second pair too."""


class Round(NamedTuple):
    """One paired sample: seconds a call of either side, side by side."""

    pair: int
    cpu: int
    iterations: int
    base_seconds: float
    head_seconds: float


@dataclass(frozen=True)
class Sides:
    """The two sides of a duel."""

    base: Side
    head: Side


@dataclass(frozen=True)
class Effort:
    """How a pair measures: rounds of a case until their median is known to `precision`, a standard error, or for so
    many `seconds`; the patience with a case; and how many pairs run at once.
    """

    seconds: float
    precision: float
    timeout: float
    lanes: int


@dataclass(frozen=True)
class Stage:
    """Some process pairs over some cases, by number. `cleared(logs)` says when a case needs no more pairs.

    `rounds` holds what was measured of each case, `failures` why a case has no rounds, by side. The lanes, one a CPU,
    enter what they find one at a time.
    """

    sides: Sides
    effort: Effort
    cases: dict[int, Case]
    pairs: int
    cleared: Callable[[ArrayLike], bool]
    rounds: dict[int, list[Round]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[int, dict[str, str]] = field(default_factory=dict)
    _decided: set[int] = field(default_factory=set)
    _shaken: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, tick: Callable[[], object]) -> None:
        """Measure every pair; `tick` is called after each case of each."""
        cpus: queue.SimpleQueue[int] = queue.SimpleQueue()
        for cpu in machine.cpus()[: self.effort.lanes]:
            cpus.put(cpu)

        def lane(pair: int) -> None:
            cpu = cpus.get()
            try:
                with closing(_pair(self.sides, self._shuffled(), cpu, self.effort)) as cases:
                    for case, found in cases:
                        with self._lock:
                            self._enter(pair, cpu, case, found)
                        tick()
            finally:
                cpus.put(cpu)

        with ThreadPoolExecutor(self.effort.lanes) as pool:
            running = [pool.submit(lane, pair) for pair in range(self.pairs)]
            try:
                for one in running:
                    one.result()
            except BaseException:  # Ctrl-C, or a worker that cannot be started: the lanes end with their case
                self._decided.update(self.cases)
                for one in running:
                    one.cancel()
                raise

    def logs(self, case: int) -> list[float]:
        """Return the median log ratio, head over base, of each pair that measured the case."""
        pairs: dict[int, list[float]] = defaultdict(list)
        for one in self.rounds[case]:
            pairs[one.pair].append(log(one.head_seconds / one.base_seconds))
        return [statistics.median(logs) for logs in pairs.values()]

    def _shuffled(self) -> Iterator[tuple[int, Case]]:
        """Yield the cases that are not decided by the time that their turn comes, in random order."""
        for number in random.sample(list(self.cases), len(self.cases)):
            if number not in self._decided:
                yield number, self.cases[number]

    def _enter(self, pair: int, cpu: int, case: int, found: Found) -> None:
        if isinstance(found, dict):
            self._fail(case, found)
            return
        iterations, rounds = found
        for base, head in rounds:
            self.rounds[case].append(Round(pair, cpu, iterations, base / iterations, head / iterations))
        if self.cleared(self.logs(case)):
            self._decided.add(case)

    def _fail(self, case: int, found: dict[str, str]) -> None:
        chance = all(reason.startswith(CHANCE) for reason in found.values())
        if chance and self.pairs > 1 and case not in self._shaken:
            self._shaken.add(case)
            return
        self.failures.setdefault(case, found)
        self._decided.add(case)


Found = tuple[int, list[tuple[float, float]]] | dict[str, str]
"""Iterations and rounds of one case; or, by side, why it has none."""


def _pair(
    sides: Sides, cases: Iterator[tuple[int, Case]], cpu: int, effort: Effort
) -> Generator[tuple[int, Found], None, None]:
    """Yield what one process pair finds of each case; a case that ends a process is its own failure, and no other's."""
    left = True
    while left:
        with ExitStack() as stack:
            # Which side starts and prepares first is tossed too: it must not be a difference between the sides.
            order = random.sample(list(vars(sides).items()), 2)
            duelists = {name: stack.enter_context(Worker(side, 1, "steady", [cpu])) for name, side in order}
            left = False
            for number, case in cases:
                yield number, _prepare(duelists, case, effort.timeout) or _rounds(duelists, effort)
                if any(duelist.ended for duelist in duelists.values()):
                    left = True
                    break


def _prepare(duelists: dict[str, Worker], case: Case, timeout: float) -> dict[str, str]:
    """Prepare the case on both sides at once; return why it cannot run, by side."""
    for duelist in duelists.values():
        duelist.tell("prepare", case=case)
    failures = {}
    for name, duelist in duelists.items():
        try:
            answer = duelist.answer(timeout)
        except WorkerError as error:
            answer = {"status": error.status, "reason": str(error)}
        if answer["status"] != "ok":
            failures[name] = f"{answer['status']}: {answer['reason']}"
    return failures


def _rounds(duelists: dict[str, Worker], effort: Effort) -> Found:
    """Time one round of either side after the other, in random order, until they suffice or the seconds are over."""
    rounds: list[tuple[float, float]] = []
    try:
        answers = [duelist.ask("calibrate", effort.timeout, seconds=ROUND_SECONDS) for duelist in duelists.values()]
        iterations = max(int(answer["iterations"]) for answer in answers)
        end = time.monotonic() + effort.seconds
        while len(rounds) < MIN_ROUNDS or (time.monotonic() < end and not _suffice(rounds, effort.precision)):
            seconds = {}
            for name, duelist in random.sample(list(duelists.items()), len(duelists)):
                seconds[name] = float(duelist.ask("round", effort.timeout, iterations=iterations)["seconds"])
            rounds.append((seconds["base"], seconds["head"]))
            if len(rounds) % MOVE == 0:
                for duelist in duelists.values():
                    duelist.ask("move", effort.timeout)
    except WorkerError as error:
        return {name: f"{error.status}: {error}" for name, duelist in duelists.items() if duelist.ended}
    return iterations, rounds


def _suffice(rounds: list[tuple[float, float]], precision: float) -> bool:
    """Whether the median log ratio has a standard error within the precision: looking at that alone favours no side."""
    if len(rounds) % LOOK:
        return False
    scatter = stats.median_abs_deviation([log(head / base) for base, head in rounds], scale="normal")
    return bool(math.sqrt(math.pi / 2.0 / len(rounds)) * scatter <= precision)


def lanes() -> int:
    """Return how many pairs can run at once, each on a CPU of its own; more than two were not tried."""
    return min(MOST_LANES, len(machine.cpus())) if hasattr(os, "sched_setaffinity") else 1
