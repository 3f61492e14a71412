"""One stage of a duel: process pairs over some cases, and what they measured.

The memory layout of a process alone changes a case's time by some percent, and no number of rounds within the process
averages that away. So the unit is the process pair, and each pair draws a new layout: address randomisation stays on,
and the size of the environment varies. Suspects are measured again in fresh pairs, and their verdict rests on those.
"""

from __future__ import annotations

import os
import queue
import random
import statistics
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from math import log
from typing import NamedTuple

from numpy.typing import ArrayLike

from bench import machine
from bench.duel import pair
from bench.duel.pair import Effort, Failures, Measured, Outcome
from bench.duel.sides import Sides
from bench.process.client import kill_all
from bench.process.protocol import CaseFields

MAX_LANES = 2
"""More pairs at once were not tried."""

CHANCE = ("crashed", "timeout", "oom")
"""Statuses that chance may cause once. Such a failure counts if it happens in a second pair too."""


class Round(NamedTuple):
    """One paired sample: the seconds per call of both sides, measured right after each other."""

    pair: int
    cpu: int
    iterations: int
    base_seconds: float
    head_seconds: float


@dataclass(frozen=True)
class Stage:
    """`pairs` process pairs over `cases`, which have numbers. `cleared(log_ratios)`: a case needs no more pairs.

    `rounds` has what was measured of each case, and `failures` why a case has no rounds, by side. Pairs run in lanes,
    each on CPUs of its own. A lock lets one lane at a time add what it measured.
    """

    sides: Sides
    effort: Effort
    cases: dict[int, CaseFields]
    pairs: int
    cleared: Callable[[ArrayLike], bool]
    rounds: dict[int, list[Round]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[int, Failures] = field(default_factory=dict)
    _decided: set[int] = field(default_factory=set)
    _failed_once: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, tick: Callable[[], object]) -> None:
        """Measure every pair. `tick` is called after each case of each pair."""
        lanes: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for lane in lanes_of(machine.cpus(), self.effort):
            lanes.put(lane)

        def measure(number: int) -> None:
            lane = lanes.get()
            try:
                with closing(pair.outcomes(self.sides, self._shuffled(), lane, self.effort)) as outcomes:
                    for case, outcome in outcomes:
                        with self._lock:
                            self._add(number, lane[0], case, outcome)
                        tick()
            finally:
                lanes.put(lane)

        with ThreadPoolExecutor(self.effort.lanes) as pool:
            running = [pool.submit(measure, number) for number in range(self.pairs)]
            try:
                for future in as_completed(running):
                    future.result()
            except BaseException:  # Ctrl-C, or a worker that does not start: the lanes end with their workers
                self._decided.update(self.cases)
                for future in running:
                    future.cancel()
                kill_all()
                raise

    def log_ratios(self, case: int) -> list[float]:
        """Return the median log ratio, head over base, of each pair that measured the case."""
        pairs: dict[int, list[float]] = defaultdict(list)
        for sample in self.rounds[case]:
            pairs[sample.pair].append(log(sample.head_seconds / sample.base_seconds))
        return [statistics.median(logs) for logs in pairs.values()]

    def _shuffled(self) -> Iterator[tuple[int, CaseFields]]:
        """Yield the cases in random order, without those that are decided when their turn comes."""
        for number in random.sample(list(self.cases), len(self.cases)):
            if number not in self._decided:
                yield number, self.cases[number]

    def _add(self, number: int, cpu: int, case: int, outcome: Outcome) -> None:
        """Add what pair `number` measured of the case. What comes in after the case was decided does not count."""
        if case in self._decided:
            return
        if not isinstance(outcome, Measured):
            self._fail(case, outcome)
            return
        iterations = outcome.iterations
        for base, head in outcome.rounds:
            self.rounds[case].append(Round(number, cpu, iterations, base / iterations, head / iterations))
        if self.cleared(self.log_ratios(case)):
            self._decided.add(case)

    def _fail(self, case: int, failures: Failures) -> None:
        chance = all(failure.status in CHANCE for failure in failures.values())
        if chance and self.pairs > 1 and case not in self._failed_once:
            self._failed_once.add(case)
            return
        self.failures.setdefault(case, failures)
        self._decided.add(case)


def lanes_of(cpus: list[int], effort: Effort) -> list[list[int]]:
    """Return the CPUs of each lane. If there are fewer CPUs than a lane should have, a lane has fewer."""
    starts = range(0, effort.lanes * effort.cpus, effort.cpus)
    return [cpus[start : start + effort.cpus] for start in starts if start < len(cpus)]


def lanes() -> int:
    """Return how many pairs can run at once, each on its own CPU."""
    return min(MAX_LANES, len(machine.cpus())) if hasattr(os, "sched_setaffinity") else 1
