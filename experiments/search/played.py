"""A search that is played: the project's own search, with process pairs that are drawn in place of measured ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from bench.duel import verdicts
from bench.duel.pair import Effort, Measured
from bench.duel.sides import Sides
from bench.duel.stage import Stage
from bench.find import search as searches
from bench.find.candidates import UnusableError
from bench.find.duels import case_key, case_of
from bench.find.memory import Logs
from bench.process.client import HERE
from experiments.duels.table import pools as pools_of
from experiments.search.places import COMMITS, Places, places
from report.compare.comparison import Comparison, Gate
from report.statistics import duel_rules
from report.statistics.duel_rules import Rules
from report.table.keys import SGD
from report.write.text import culprit as culprits

Case = dict[str, Any]

RULES = Rules(duel_rules.THRESHOLD)
NAMES = tuple(f"commit-{number:02}" for number in range(COMMITS))


class Outcome(NamedTuple):
    """What a search said, and whether it was right: it named the culprit, or a few that the culprit is among.

    The latter is right where those between cannot be measured.
    """

    seed: int
    culprit: str
    answer: str
    steps: int
    right: bool


def pools(path: Path) -> dict[str, np.ndarray]:
    """Return the log ratios of real pairs of equal copies, by the key of the case."""
    medians = pd.read_csv(path, dtype={"commit": str})
    return {
        case_key(_case(backend, int(size))): logs - np.median(logs)
        for (backend, size), logs in pools_of(medians).items()
    }


def search(of: dict[str, np.ndarray], slower: float, seed: int) -> Outcome:
    """Return what a search says whose culprit slows one of the cases by this share."""
    where = places(seed)
    duels = Played(of, slower, where, np.random.default_rng(seed))
    found = searches.search(cast("Any", duels))
    blocked = {NAMES[number] for number in where.broken}
    named = {*found.between, found.first_bad}
    right = found.is_confirmed and NAMES[where.culprit] in named and set(found.between) <= blocked
    return Outcome(seed, NAMES[where.culprit], culprits.answer(found), len(found.steps), right)


class Played:
    """Stands in for `bench.find.duels.Duels`, and for its candidates."""

    what = "a simulated repository"
    names = NAMES

    def __init__(self, of: dict[str, np.ndarray], slower: float, where: Places, chance: np.random.Generator) -> None:
        self._pools = of
        self._where = where
        self._chance = chance
        self._slow = str(chance.choice(list(of)))
        self._shift = float(np.log1p(slower))
        self._logs: dict[str, list[float]] = {}
        self.candidates = self

    def describe(self, name: str) -> str:
        """Return the name."""
        return name

    def pairs(self, base: str, head: str, keys: set[str], pairs: int) -> Logs:
        """Return drawn log ratios of the only case that a search asks for, those of earlier looks first."""
        if self.names.index(head) in self._where.broken:
            raise UnusableError("does not build")
        (key,) = keys
        known = self._logs.setdefault(head, [])
        known += self._drawn(base, head, key, pairs - len(known))
        return {key: list(known)}

    def whole(self, base: str, head: str) -> Comparison:
        """Return a duel that is played by the duel's own rules."""
        cases = {number: case_of(key) for number, key in enumerate(self._pools)}
        first = self._stage(base, head, cases, duel_rules.PAIRS)
        second = self._stage(base, head, verdicts.suspects(first, RULES), duel_rules.FRESH_PAIRS)
        rows = list(verdicts.judged(first, second, RULES))
        return verdicts.comparison_of(rows, (base, head), RULES, Gate())

    def _stage(self, base: str, head: str, cases: dict[int, Case], pairs: int) -> Stage:
        effort = Effort(1.0, 1.0, 1.0, 1)
        stage = Stage(Sides(HERE, HERE), effort, cases, pairs, RULES.clearing(pairs))
        for number, case in cases.items():
            for pair, log in enumerate(self._drawn(base, head, case_key(case), pairs)):
                stage._add(pair, 0, number, Measured(1, [(1.0, float(np.exp(log)))]))  # noqa: SLF001 (it is fed here)
        return stage

    def _drawn(self, base: str, head: str, key: str, count: int) -> list[float]:
        """Return log ratios of real pairs, with signs by chance, and moved if the culprit is between the two."""
        before, after = self.names.index(base), self.names.index(head)
        moved = self._shift if key == self._slow and before < self._where.culprit <= after else 0.0
        signs = self._chance.choice([-1.0, 1.0], count)
        return [float(log) for log in self._chance.choice(self._pools[key], count) * signs + moved]


def _case(backend: str, batch_size: int) -> Case:
    return {
        "operator": "descent",
        "problem": "quadratic",
        "backend": backend,
        "batch_size": batch_size,
        "dtype": "float32",
        "device": "cpu",
        "steps": 5,
        "sizes": "",
        "optimizer": SGD,
    }
