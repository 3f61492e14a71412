"""What a gate can see on this machine, and how often it raises a false alarm.

The data are A/A data: the same code on both sides. They are the samples of duels of a checkout against itself, or a run
of several launches, which is split at random into two sides. Many gates are drawn from the data, by the rules of the
duel or of `compare`. Results:

- false alarms: how many suites fail, though nothing has changed;
- noise floor: of duels, the smallest threshold with a false-alarm rate of at most 1 %; of comparisons, the largest
  change of a suite, in 99 suites of 100. A tighter gate is refused;
- visible: the smallest true change that is reported, at the threshold, 95 times in 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from report import table
from report.compare import changes
from report.compare.comparison import COMPARE_CONFIDENCE
from report.compare.sides import Sides
from report.statistics import duel_rules
from report.statistics.duel_rules import Rules
from report.statistics.intervals import Interval
from report.statistics.verdict import MIN_LAUNCHES
from report.statistics.welch import Array
from report.table import TableError
from report.table.keys import CASE, SGD

GATES = 1000
"""How many gates are drawn: enough to distinguish a rate of 1 % from one of 2 %."""

RATE = 0.01
"""The rate of false alarms at the noise floor."""

POWER = 0.95
"""How often a visible change is reported."""

MIN_PAIRS = 8
"""How many process pairs each case needs, if the data are duels."""

MIN_RUN_LAUNCHES = 2 * MIN_LAUNCHES
"""How many launches each case needs, if the data are runs: enough for two sides."""

SAMPLES = ("stage", "pair", *CASE, "base_seconds", "head_seconds")
"""The columns that are read from a duel's samples."""

Case = tuple[Any, ...]
"""The values of the columns `CASE`."""


class Kind(Enum):
    """What the gates are, and so the data."""

    DUEL = auto()
    COMPARISON = auto()


@dataclass(frozen=True)
class Noise:
    """What gates drawn from A/A data report. The frames have one row per gate and one column per case.

    `changes` are the log ratios, and `halves` the half-widths of their intervals. `judged` has the changes and the
    half-widths of the stage that decides on a changed case: in a duel, the second stage.
    """

    kind: Kind
    changes: pd.DataFrame
    halves: pd.DataFrame
    judged: tuple[pd.DataFrame, pd.DataFrame]

    @property
    def floor(self) -> float:
        """The noise floor.

        In a duel only an interval that is clear of 1 raises an alarm. In a comparison the intervals alone keep the rate
        at about 1 %, and a floor by alarms would be left to chance. So there it is what the changes reach.
        """
        alarms = self.changes > self.halves if self.kind is Kind.DUEL else self.changes > 0.0
        clear = self.changes.where(alarms, 0.0)
        return float(np.expm1(clear.max(axis=1).quantile(1.0 - RATE)))

    def false_alarms(self, threshold: float) -> float:
        """Return the share of suites that fail at the threshold."""
        alarms = (self.changes > np.log1p(threshold)) & (self.changes > self.halves)
        return float(alarms.any(axis=1).mean())

    def visible(self, threshold: float) -> pd.Series:
        """Return for each case the smallest true change that is reported at the threshold 95 times in 100."""
        changes, halves = self.judged
        wanted = halves.clip(lower=np.log1p(threshold)) - changes  # beyond the threshold, and clear of 1
        return pd.Series(np.expm1(wanted.quantile(POWER)), index=changes.columns)


def of_files(paths: list[Path], threshold: float | None = None) -> Noise:
    """Return the noise in the files. All are samples of duels, or all are runs; else raise `TableError`.

    Duels are drawn with `threshold`, which decides their suspects. The default is a duel's own threshold.
    """
    are_samples = [set(SAMPLES) - {"optimizer"} <= set(_header(path)) for path in paths]
    if not any(are_samples):
        return _of_runs(table.read_all(paths))
    if not all(are_samples):
        run, samples = paths[are_samples.index(False)], paths[are_samples.index(True)]
        raise TableError(f"{run}: has no samples of a duel, but {samples} has; name files of one kind")
    return _of_duels(paths, Rules(threshold or duel_rules.THRESHOLD))


def pools(rounds: pd.DataFrame) -> dict[Case, np.ndarray]:
    """Return each case's log ratios, head over base, from the samples of a duel: a median for each process pair."""
    logs = (rounds["head_seconds"] / rounds["base_seconds"]).map(np.log)
    medians = logs.groupby([rounds[name] for name in (*CASE, "stage", "pair")], observed=True).median()
    by_case = medians.groupby(level=list(CASE), observed=True)
    return {cast("Case", case): pairs.to_numpy() for case, pairs in by_case}


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\n").split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _of_duels(paths: list[Path], rules: Rules) -> Noise:
    by_case = _first_stages(paths)
    random = np.random.default_rng(0)
    duels = [duel_rules.draw(by_case, rules, random) for _ in range(GATES)]
    changes = [{case: change for case, (change, _) in duel.items()} for duel in duels]
    fresh = [{case: duel_rules.draw_fresh(logs, rules, random) for case, logs in by_case.items()} for _ in range(GATES)]
    return Noise(Kind.DUEL, *_frames(changes), _frames(fresh))


def _first_stages(paths: list[Path]) -> dict[Case, np.ndarray]:
    """Return the log ratios of the pairs of the first stage. The second stage is biased: it measures only suspects."""
    frames = []
    for number, path in enumerate(paths):
        rounds = _samples(path)
        rounds = rounds[rounds["stage"] == 1]
        frames.append(rounds.assign(pair=rounds["pair"] + number * 1_000_000))  # keeps the pairs of the files apart
    by_case = pools(pd.concat(frames))
    if not by_case:
        raise TableError(f"{paths[0]}: no first-stage samples")
    thin = [case for case, logs in by_case.items() if len(logs) < MIN_PAIRS]
    if thin:
        case = " ".join(map(str, thin[0]))
        raise TableError(f"{case}: fewer than {MIN_PAIRS} process pairs; python -m bench duel --all-pairs")
    return by_case


def _samples(path: Path) -> pd.DataFrame:
    """Return the samples of a duel. Raise `TableError` for any other content."""
    try:
        rounds = pd.read_csv(path, usecols=SAMPLES.__contains__, keep_default_na=False)  # empty text stays text
        if "optimizer" not in rounds:  # a duel from before there were others
            rounds = rounds.assign(optimizer=np.where(rounds["operator"] == "descent", SGD, ""))
        rounds = rounds.astype({"pair": "int64", "base_seconds": "float64", "head_seconds": "float64"})
    except (ValueError, pd.errors.ParserError) as error:
        raise TableError(f"{path}: {error}") from error
    if rounds.empty:
        raise TableError(f"{path}: no samples")
    for side in ("base_seconds", "head_seconds"):
        valid = np.isfinite(rounds[side]) & (rounds[side] > 0)
        if not valid.all():
            line = int(np.argmin(valid)) + 2
            raise TableError(f"{path}:{line}: column '{side}': not a positive finite number")
    return rounds


def _of_runs(rows: pd.DataFrame) -> Noise:
    """Draw comparisons of one half of the launches with the other, by the rules of `compare`.

    A case counts if enough launches have a time. The split is the same for all cases, since they share their launches.
    """
    timed = table.timed(rows).reset_index(drop=True)
    launch = np.asarray(timed.groupby(["run", "launch"], observed=True).ngroup())
    if launch.max(initial=-1) + 1 < MIN_RUN_LAUNCHES:
        raise TableError(f"too few launches; python -m bench run --launches {2 * MIN_RUN_LAUNCHES}")
    whole = Sides(timed, launch % 2 == 1, "base", "head")
    cases, logs = changes.by_launch(whole)
    usable = np.sum(~np.isnan(logs), axis=0) >= MIN_RUN_LAUNCHES
    if not usable.any():
        raise TableError(
            f"no case has {MIN_RUN_LAUNCHES} launches; python -m bench run --launches {2 * MIN_RUN_LAUNCHES}"
        )
    names = list(cases[usable].itertuples(index=False, name=None))
    drawn = list(_splits(logs[:, usable], np.random.default_rng(0)))
    found = [
        pd.DataFrame(np.log([gate[name] for gate in drawn]), columns=pd.Index(names, tupleize_cols=False))
        for name in ("ratio", "all_low")
    ]
    frames = found[0], (found[0] - found[1]).fillna(np.inf)
    return Noise(Kind.COMPARISON, *frames, frames)


def _splits(logs: Array, random: np.random.Generator) -> Iterator[dict[str, Array]]:
    """Yield what comparing two random halves of the launches says, `GATES` times."""
    for _ in range(GATES):
        order = random.permutation(len(logs))
        half = len(logs) // 2
        yield changes.intervals(logs[order[:half]], logs[order[half : 2 * half]], COMPARE_CONFIDENCE)


def _frames(gates: list[dict[Case, Interval]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the log ratios of the gates, and the half-widths of their intervals: infinite without an interval."""
    changes = pd.DataFrame([{case: np.log(change.center) for case, change in gate.items()} for gate in gates])
    halves = pd.DataFrame(
        [{case: np.log(change.center / change.low) for case, change in gate.items()} for gate in gates]
    )
    return changes, halves.fillna(np.inf)
