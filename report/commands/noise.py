"""`python -m report noise`: what a gate can see on this machine, and how often it cries wolf.

From A/A data, the same code on both sides: the samples of duels of a checkout against itself, or a run of several
launches, which is split at random into two sides. Gates are drawn from it, by the rules of the duel or of `compare`:

- false alarms: how many suites fail, though nothing has changed;
- the floor: the smallest threshold at which that are 1 in 100 at most; a tighter gate is refused;
- visible: the smallest true change that is reported, at the threshold, in 95 of 100 cases.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report import table
from report.statistics import duel_rules, verdict
from report.statistics.duel_rules import Rules
from report.statistics.intervals import Interval
from report.table.keys import CASE
from report.write import units

THRESHOLDS = {"duel": duel_rules.THRESHOLD, "runs": 0.10}
GATES = 1000
"""So many gates are drawn: enough to tell a rate of 1 in 100 from one of 2."""

RATE = 0.01
POWER = 0.95
MIN_PAIRS = 8
MIN_RUN_LAUNCHES = 2 * verdict.MIN_LAUNCHES
EPILOG = "Exit codes: 0, told; 2, the data is unusable, or --threshold is tighter than the floor."
SAMPLES = ("stage", "pair", *CASE, "base_seconds", "head_seconds")

Cell = tuple[Any, ...]


@dataclass(frozen=True)
class Noise:
    """What gates drawn from A/A data do: a row a gate, a column a cell.

    `changes` are the log ratios they find, `halves` the half-widths of their intervals. `judged` are the same of the
    stage that a changed cell would be judged by, which in a duel is the second.
    """

    kind: str
    changes: pd.DataFrame
    halves: pd.DataFrame
    judged: tuple[pd.DataFrame, pd.DataFrame]

    @property
    def floor(self) -> float:
        """The smallest threshold at which at most 1 suite in 100 fails: an alarm takes a change clear of no change."""
        alarms = self.changes.where(self.changes > self.halves, 0.0)
        return float(np.expm1(alarms.max(axis=1).quantile(1.0 - RATE)))

    def false_alarms(self, threshold: float) -> float:
        """Return the share of suites that fail at the threshold."""
        alarms = (self.changes > np.log1p(threshold)) & (self.changes > self.halves)
        return float(alarms.any(axis=1).mean())

    def visible(self, threshold: float) -> pd.Series:
        """Return for each cell the smallest true change that is reported at the threshold with a chance of 95 %."""
        changes, halves = self.judged
        wanted = halves.clip(lower=np.log1p(threshold)) - changes  # beyond the threshold, and clear of no change
        return pd.Series(np.expm1(wanted.quantile(POWER)), index=changes.columns)


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m report`."""
    parser = commands.add_parser("noise", help="what a gate can see on this machine", epilog=EPILOG)
    parser.add_argument("files", metavar="CSV", type=Path, nargs="+", help="samples of A/A duels, or runs")
    parser.add_argument(
        "--threshold", type=_share, metavar="PERCENT", help="of the gate (default: 3%% duel, 10%% runs)"
    )
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    parser.set_defaults(command=_main)


def _share(word: str) -> float:
    try:
        return units.share(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _main(options: argparse.Namespace) -> int:
    found = of_files(options.files, options.threshold)
    threshold = options.threshold or THRESHOLDS[found.kind]
    if options.threshold is not None and threshold < found.floor:
        print(
            f"report: a gate at {units.percent(threshold)} is tighter than the noise: below the floor, "
            f"{units.percent(found.floor)}, more than 1 suite in 100 fails with nothing changed",
            file=sys.stderr,
        )
        return 2
    width = shutil.get_terminal_size().columns if options.format == "text" else None
    print(text(found, threshold, width), end="")
    return 0


def of_files(paths: list[Path], threshold: float | None = None) -> Noise:
    """Return the noise in the files: all of them samples of duels, or all of them runs. Raises `TableError`.

    A duel suspects by its threshold: its gates are drawn with the one given, by default a duel's own.
    """
    heads = {path: _header(path) for path in paths}
    duels = [set(SAMPLES) <= set(head) for head in heads.values()]
    if any(duels) and not all(duels):
        raise table.TableError(f"{paths[duels.index(False)]}: no samples of a duel, as {paths[duels.index(True)]} has")
    return _of_duels(paths, Rules(threshold or duel_rules.THRESHOLD)) if all(duels) else _of_runs(table.read_all(paths))


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\n").split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise table.TableError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _of_duels(paths: list[Path], rules: Rules) -> Noise:
    random = np.random.default_rng(0)
    frames = []
    for number, path in enumerate(paths):
        rounds = _samples(path)
        rounds = rounds[rounds["stage"] == 1]  # a second stage measures suspects alone, chosen for being off
        frames.append(rounds.assign(pair=rounds["pair"] + number * 1_000_000))
    pools = duel_rules.pools(pd.concat(frames))
    if not pools:
        raise table.TableError(f"{paths[0]}: no samples of a first stage")
    thin = [cell for cell, logs in pools.items() if len(logs) < MIN_PAIRS]
    if thin:
        raise table.TableError(
            f"{' '.join(map(str, thin[0]))}: fewer than {MIN_PAIRS} process pairs; python -m bench duel --all-pairs"
        )
    drawn = [duel_rules.draw(pools, rules, random) for _ in range(GATES)]
    fresh = [{cell: duel_rules.fresh(logs, rules, random) for cell, logs in pools.items()} for _ in range(GATES)]
    return Noise(
        "duel", *_frames([{cell: change for cell, (change, _) in one.items()} for one in drawn]), _frames(fresh)
    )


def _samples(path: Path) -> pd.DataFrame:
    try:
        rounds = pd.read_csv(path, usecols=list(SAMPLES), keep_default_na=False)  # an empty text is a text
        for side in ("base_seconds", "head_seconds"):
            seconds = rounds[side].to_numpy(dtype=float)
            if not (np.isfinite(seconds) & (seconds > 0)).all():
                line = int(np.argmin(np.isfinite(seconds) & (seconds > 0))) + 2
                raise table.TableError(f"{path}:{line}: column '{side}': not a positive finite number")
        rounds["pair"] = rounds["pair"].astype("int64")
    except (ValueError, pd.errors.ParserError) as error:
        raise error if isinstance(error, table.TableError) else table.TableError(f"{path}: {error}") from error
    if rounds.empty:
        raise table.TableError(f"{path}: no samples")
    return rounds


def _of_runs(rows: pd.DataFrame) -> Noise:
    done = table.timed(rows)
    cells = {
        cell if isinstance(cell, tuple) else (cell,): launches["ratio_to_numpy"].dropna().to_numpy()
        for cell, launches in done.groupby(list(CASE), observed=True)
    }
    cells = {cell: launches for cell, launches in cells.items() if len(launches) >= MIN_RUN_LAUNCHES}
    if not cells:
        raise table.TableError(
            f"no case has {MIN_RUN_LAUNCHES} launches; python -m bench run --launches {2 * MIN_RUN_LAUNCHES}"
        )
    random, confidence = np.random.default_rng(0), verdict.corrected(verdict.CONFIDENCE, len(cells))
    frames = _frames([dict(_split(cells, confidence, random)) for _ in range(GATES)])
    return Noise("runs", *frames, frames)


def _split(
    cells: Mapping[Cell, np.ndarray], confidence: float, random: np.random.Generator
) -> Iterator[tuple[Cell, Interval]]:
    """Yield the change of each cell between two random halves of its launches, the same launches for every cell."""
    order = random.permutation(max(map(len, cells.values())))
    for cell, launches in cells.items():
        mine = launches[order[order < len(launches)]]
        half = len(mine) // 2
        yield cell, verdict.unpaired(mine[:half], mine[half:], confidence)


def _frames(drawn: list[dict[Cell, Interval]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    changes = pd.DataFrame([{cell: np.log(change.center) for cell, change in one.items()} for one in drawn])
    halves = pd.DataFrame([{cell: np.log(change.center / change.low) for cell, change in one.items()} for one in drawn])
    return changes, halves.fillna(np.inf)


def text(found: Noise, threshold: float, width: int | None) -> str:
    """Return the table for a terminal of so many columns, or as Markdown."""
    out = io.StringIO()
    console = Console(file=out, width=width or 10_000, highlight=False, color_system=None)
    part = Table(box=box.SIMPLE_HEAD if width else box.MARKDOWN, pad_edge=False)
    for name in ("backend", "batch", "median change", "95 % below", "visible"):
        part.add_column(name, justify="left" if name == "backend" else "right", no_wrap=True)
    visible = found.visible(threshold)
    for (cell, changes), seen in zip(found.changes.items(), visible, strict=True):
        size = np.expm1(changes.abs())
        key = dict(zip(CASE, cast("Cell", cell), strict=True))
        figures = [units.percent(value) for value in (size.median(), size.quantile(0.95), seen)]
        part.add_row(escape(str(key["backend"])), f"{key['batch_size']:,}", *figures)
    console.print(part)
    for line in _lines(found, threshold):
        console.print(escape(line))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).lstrip("\n") + "\n"


def _lines(found: Noise, threshold: float) -> Iterator[str]:
    every = f"{len(found.changes):,} {'duels' if found.kind == 'duel' else 'comparisons'} drawn from the data"
    at = units.percent(threshold)
    yield f"{every}, nothing changed: {units.percent(found.false_alarms(threshold))} fail at a threshold of {at}."
    yield f"Floor of the suite, where 1 in 100 fails: {units.percent(found.floor)}."
    if found.kind == "runs":
        yield "Halves of one run: the drift from one run to the next is not in them, and comes on top."
    yield f"Visible: the smallest true change that is reported at {at} in 95 of 100 cases."
