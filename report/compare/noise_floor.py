"""What a gate can see on this machine, and how often it raises a false alarm.

The data are A/A data, the same code on both sides: the samples of duels of a checkout against itself, or a run of
several launches, which is split at random into two sides. Gates are drawn from it, by the rules of the duel or of
`compare`:

- false alarms: how many suites fail, though nothing has changed;
- noise floor: the smallest threshold reported with a false-alarm rate of at most 1 %; a tighter gate is refused;
- visible: the smallest true change that is reported, at the threshold, in 95 of 100 cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from report import table
from report.statistics import duel_rules, verdict
from report.statistics.duel_rules import Rules
from report.statistics.intervals import Interval
from report.statistics.verdict import FAMILY_CONFIDENCE, MIN_LAUNCHES
from report.table import TableError
from report.table.keys import CASE

GATES = 1000
"""How many gates are drawn: enough to distinguish a rate of 1 in 100 from a rate of 2."""

RATE = 0.01
POWER = 0.95
MIN_PAIRS = 8
MIN_RUN_LAUNCHES = 2 * MIN_LAUNCHES
SAMPLES = ("stage", "pair", *CASE, "base_seconds", "head_seconds")
"""The columns of a duel's samples that are read."""

Case = tuple[Any, ...]


@dataclass(frozen=True)
class Noise:
    """What gates drawn from A/A data do: a row a gate, a column a case.

    `kind` is `duel` or `runs`. `changes` are the log ratios that the gates find, `halves` the half-widths of their
    intervals. `judged` are the changes and half-widths of the stage that judges a changed case: in a duel the second.
    """

    kind: str
    changes: pd.DataFrame
    halves: pd.DataFrame
    judged: tuple[pd.DataFrame, pd.DataFrame]

    @property
    def floor(self) -> float:
        """The smallest threshold at which at most 1 suite in 100 fails. An alarm takes an interval clear of 1."""
        alarms = self.changes.where(self.changes > self.halves, 0.0)
        return float(np.expm1(alarms.max(axis=1).quantile(1.0 - RATE)))

    def false_alarms(self, threshold: float) -> float:
        """Return the share of suites that fail at the threshold."""
        alarms = (self.changes > np.log1p(threshold)) & (self.changes > self.halves)
        return float(alarms.any(axis=1).mean())

    def visible(self, threshold: float) -> pd.Series:
        """Return for each case the smallest true change that is reported at the threshold with a chance of 95 %."""
        changes, halves = self.judged
        wanted = halves.clip(lower=np.log1p(threshold)) - changes  # beyond the threshold, and clear of no change
        return pd.Series(np.expm1(wanted.quantile(POWER)), index=changes.columns)


def of_files(paths: list[Path], threshold: float | None = None) -> Noise:
    """Return the noise in the files, which are all samples of duels, or all runs. Raise `TableError` for others.

    The gates of duels are drawn with `threshold`, by default a duel's own, since a duel suspects cases by it.
    """
    heads = {path: _header(path) for path in paths}
    duels = [set(SAMPLES) <= set(head) for head in heads.values()]
    if any(duels) and not all(duels):
        raise TableError(f"{paths[duels.index(False)]}: no samples of a duel, as {paths[duels.index(True)]} has")
    return _of_duels(paths, Rules(threshold or duel_rules.THRESHOLD)) if all(duels) else _of_runs(table.read_all(paths))


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\n").split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _of_duels(paths: list[Path], rules: Rules) -> Noise:
    random = np.random.default_rng(0)
    frames = []
    for number, path in enumerate(paths):
        rounds = _samples(path)
        rounds = rounds[rounds["stage"] == 1]  # the second stage measures suspects only, chosen for being off
        frames.append(rounds.assign(pair=rounds["pair"] + number * 1_000_000))
    by_case = pools(pd.concat(frames))
    if not by_case:
        raise TableError(f"{paths[0]}: no samples of a first stage")
    thin = [case for case, logs in by_case.items() if len(logs) < MIN_PAIRS]
    if thin:
        raise TableError(
            f"{' '.join(map(str, thin[0]))}: fewer than {MIN_PAIRS} process pairs; python -m bench duel --all-pairs"
        )
    drawn = [duel_rules.draw(by_case, rules, random) for _ in range(GATES)]
    fresh = [{case: duel_rules.draw_fresh(logs, rules, random) for case, logs in by_case.items()} for _ in range(GATES)]
    first = [{case: change for case, (change, _) in duel.items()} for duel in drawn]
    return Noise("duel", *_frames(first), _frames(fresh))


def _samples(path: Path) -> pd.DataFrame:
    try:
        rounds = pd.read_csv(path, usecols=list(SAMPLES), keep_default_na=False)  # an empty text is a text
        for side in ("base_seconds", "head_seconds"):
            seconds = rounds[side].to_numpy(dtype=float)
            if not (np.isfinite(seconds) & (seconds > 0)).all():
                line = int(np.argmin(np.isfinite(seconds) & (seconds > 0))) + 2
                raise TableError(f"{path}:{line}: column '{side}': not a positive finite number")
        rounds["pair"] = rounds["pair"].astype("int64")
    except (ValueError, pd.errors.ParserError) as error:
        raise error if isinstance(error, TableError) else TableError(f"{path}: {error}") from error
    if rounds.empty:
        raise TableError(f"{path}: no samples")
    return rounds


def _of_runs(rows: pd.DataFrame) -> Noise:
    done = table.timed(rows)
    cases = {
        case if isinstance(case, tuple) else (case,): launches["ratio_to_numpy"].dropna().to_numpy()
        for case, launches in done.groupby(list(CASE), observed=True)
    }
    cases = {case: launches for case, launches in cases.items() if len(launches) >= MIN_RUN_LAUNCHES}
    if not cases:
        raise TableError(
            f"no case has {MIN_RUN_LAUNCHES} launches; python -m bench run --launches {2 * MIN_RUN_LAUNCHES}"
        )
    random, confidence = np.random.default_rng(0), verdict.corrected(FAMILY_CONFIDENCE, len(cases))
    frames = _frames([dict(_split(cases, confidence, random)) for _ in range(GATES)])
    return Noise("runs", *frames, frames)


def _split(
    cases: Mapping[Case, np.ndarray], confidence: float, random: np.random.Generator
) -> Iterator[tuple[Case, Interval]]:
    """Yield the change of each case between two random halves of its launches, the same launches for every case."""
    order = random.permutation(max(map(len, cases.values())))
    for case, launches in cases.items():
        mine = launches[order[order < len(launches)]]
        half = len(mine) // 2
        yield case, verdict.unpaired(mine[:half], mine[half:], confidence)


def _frames(drawn: list[dict[Case, Interval]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    changes = pd.DataFrame([{case: np.log(change.center) for case, change in gate.items()} for gate in drawn])
    halves = pd.DataFrame(
        [{case: np.log(change.center / change.low) for case, change in gate.items()} for gate in drawn]
    )
    return changes, halves.fillna(np.inf)


def pools(rounds: pd.DataFrame) -> dict[Case, np.ndarray]:
    """Return each case's log ratios, head over base, a median a process pair, from a duel's samples."""
    logs = (rounds["head_seconds"] / rounds["base_seconds"]).map(np.log)
    medians = logs.groupby([rounds[name] for name in (*CASE, "stage", "pair")], observed=True).median()
    grouped = medians.groupby(level=list(CASE), observed=True)
    return {cast("Case", case): found.to_numpy() for case, found in grouped}
