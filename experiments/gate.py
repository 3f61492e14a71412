"""What the gate can see: `python -m experiments.gate collect FOLDER`, then `python -m experiments.gate table FOLDER`.

`collect` measures, on this machine: process pairs of the checkout against itself, and against a copy in which backends
do 5 % or 3 % more work (each call goes on working for that share of what it took); runs of pinned launches for
`report compare`; and races for the usual gates (`experiments/peers.py`). About 40 minutes on two cores.

`table` draws duels from the measured pairs, thousands of them, through the duel's own rules, and prints their rates;
what is simulated in this way is said to be. pyperf is the experiment's own dependency: pip install pyperf.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import machine, options
from bench.duel import command as duelling
from bench.duel.stage import Effort, Sides, Stage, lanes
from bench.process.client import Side
from experiments import peers
from report.commands.compare import Rules as CompareRules
from report.commands.compare import compare
from report.compare.sides import of_files
from report.statistics import duel_rules
from report.statistics.duel_rules import Rules
from report.statistics.verdict import Verdict

LINE = "        return self.builders[case.operator](with_own_loss(problem, self.losses), case, x, data)\n"
SLOWED = """\
        from backends.slowed import slowed
        run = self.builders[case.operator](with_own_loss(problem, self.losses), case, x, data)
        return slowed(run, self.wait, SHARE)
"""
MODULE = '''\
"""For an experiment: a call that takes a share longer than it took, each time: it goes on working until then."""

import statistics
from time import perf_counter


def slowed(run, wait, share):
    return lengthened(run, wait, share, statistics.median(map(_own, range(500))))


def lengthened(run, wait, share, own):
    def call(*arguments):
        start = perf_counter()
        result = run(*arguments)
        wait(result)
        now = perf_counter()
        end = now + share * (now - start) - own
        while perf_counter() < end:
            pass
        return result

    return call


def _own(_):
    """Return the seconds that being lengthened takes of itself."""
    call = lengthened(_nothing, _nothing, 0.0, 0.0)
    start = perf_counter()
    call(None)
    between = perf_counter()
    _nothing(None)
    return (between - start) - (perf_counter() - between)


def _nothing(_):
    pass
'''

PARTS = ("backends", "bench", "problems", "report", "conftest.py", "pyproject.toml")
PINNED = ("--threads", "1", "--allocator", "steady")
SUITE = ("--batch-size", "1,10000", "--device", "cpu", "--steps", "5")
SUITES = 2_000
SPLITS = 300
LAUNCHES = 5
CLOSE = 1.25
"""A slowdown of up to so many times what was asked for is called close to it."""

Pools = dict[tuple[Any, ...], np.ndarray]


def main() -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.gate", description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=("collect", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=24, help="process pairs against itself; 2/3 of it per slowdown")
    parser.add_argument("--races", type=int, default=5, help="for the peers, one after the other")
    parser.add_argument("--runs", type=int, default=3, help=f"of {LAUNCHES} pinned launches each")
    chosen = parser.parse_args()
    if chosen.command == "table":
        table(chosen.folder)
        return
    chosen.folder.mkdir(parents=True, exist_ok=True)
    collect(chosen.folder, chosen.pairs, chosen.races, chosen.runs)


def collect(folder: Path, pairs: int, races: int, runs: int) -> None:
    """Measure everything that the table needs; what is there already is left."""
    for name, percent, count in (
        ("same", 0, pairs),
        ("slow5", 5, 2 * pairs // 3),
        ("slow3", 3, 2 * pairs // 3),
    ):
        if not (folder / f"{name}.csv").exists():
            _collect_pairs(folder, name, percent, count)
    for number in range(races):
        if not (folder / f"peer{number}.txt").exists():
            peers.race(folder, number, SUITE)
    for number in range(runs):
        path = folder / f"pinned{number}.csv"
        if not path.exists():
            _quietly("bench", "run", "--launches", str(LAUNCHES), "--max-time", "0.5", *SUITE, *PINNED, "-o", str(path))


def _collect_pairs(folder: Path, name: str, percent: int, pairs: int) -> None:
    head = machine.ROOT if percent == 0 else _slowed(folder / name, percent)
    sides = Sides(Side(), Side(head))
    cases = duelling.cases_of(sides, dict.fromkeys(options.HELP) | duelling.DEFAULTS).common
    done = itertools.count(1)
    fresh = (duel_rules.FRESH_SECONDS, duel_rules.FRESH_PRECISION)
    effort = Effort(*((duel_rules.SECONDS, duel_rules.PRECISION) if percent == 0 else fresh), 300.0, lanes())
    stage = Stage(sides, effort, cases, pairs, duel_rules.never)
    stage.run(lambda: print(f"\r{name}: {next(done)} of {pairs * len(cases)}", end="", file=sys.stderr, flush=True))
    duelling.write_samples(folder / f"{name}.csv", 1, stage)


def _slowed(copy: Path, percent: int) -> Path:
    """Return a copy of the checkout in which every backend does so much more work."""
    for part in PARTS:
        source = machine.ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy / part)
    path = copy / "backends" / "base.py"
    text = path.read_text(encoding="utf-8")
    if LINE not in text:
        raise SystemExit(f"{path.name} builds its cases otherwise than this experiment knows")
    path.write_text(text.replace(LINE, SLOWED.replace("SHARE", str(percent / 100))), encoding="utf-8")
    (copy / "backends" / "slowed.py").write_text(MODULE, encoding="utf-8")
    return copy


def _quietly(*module: str) -> None:
    command = [sys.executable, "-m", *module]
    subprocess.run(command, cwd=machine.ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)


def table(folder: Path) -> None:
    """Print what was measured, and what was simulated from it, as Markdown."""
    generator = np.random.default_rng(0)
    same = _pools(folder / "same.csv")
    rules, tight = Rules(0.03), Rules(0.015)
    print("| what | found | from |\n| --- | --- | --- |")
    changes, failed = _duels(same, rules, generator)
    source, median = f"{SUITES:,} duels drawn from {_count(same)} pairs", _percent(np.median(changes))
    print(f"| duels of a checkout with itself, {len(same)} cells: median change | {median} | {source} |")
    print(f"| the same: 95 % of the cells change by less than | {_percent(np.quantile(changes, 0.95))} | the same |")
    print(f"| the same: duels that fail at 3 % | {_percent(failed)} | the same |")
    for percent, at in ((5, rules), (3, tight)):
        _print_power(percent, folder, same, at, generator)
    _print_compare(folder)
    for row in peers.table(folder):
        print(row)


def _pools(path: Path, share: float = 1.0) -> Pools:
    """Return each cell's pairs; of each pair only the first share of its rounds, as a shorter stage would have."""
    rounds = pd.read_csv(path, keep_default_na=False)
    of_pair = rounds.groupby(["backend", "batch_size", "pair"])
    kept = of_pair.cumcount() < np.ceil(share * of_pair["pair"].transform("size"))
    return {(cell[2], cell[1], cell[3]): logs for cell, logs in duel_rules.pools(rounds[kept]).items()}


def _count(pools: Pools) -> int:
    return min(map(len, pools.values()))


def _duels(same: Pools, rules: Rules, generator: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return the sizes of the cells' changes in simulated duels, and how many of the duels fail."""
    found = [duel_rules.draw(same, rules, generator) for _ in range(SUITES)]
    changes = np.array([abs(change.center - 1.0) for one in found for change, _ in one.values()])
    return changes, float(np.mean([any(cell == Verdict.REGRESSED for _, cell in one.values()) for one in found]))


def _print_power(percent: int, folder: Path, same: Pools, rules: Rules, generator: np.random.Generator) -> None:
    """Print how often a slowdown of one backend is reported: in each of its cells, and by the duel as a whole.

    What waits is more than a share where a call is short: the cells that came out close to the share have a row too.
    """
    path = folder / f"slow{percent}.csv"
    brief, whole = _pools(path, (duel_rules.FRESH_PRECISION / duel_rules.PRECISION) ** 2), _pools(path)
    hits: dict[tuple[Any, ...], list[bool]] = {cell: [] for cell in whole}
    duels = []
    for backend in sorted({cell[0] for cell in whole}):
        slow = {cell: logs for cell, logs in whole.items() if cell[0] == backend}
        start = same | {cell: brief[cell] for cell in slow}
        for _ in range(max(1, SUITES // 10)):
            found = duel_rules.draw(start, rules, generator, changed=slow)
            for cell in slow:
                hits[cell].append(found[cell][1] == Verdict.REGRESSED)
            duels.append(any(hits[cell][-1] for cell in slow))
    true = {cell: float(np.expm1(np.median(logs))) for cell, logs in whole.items()}
    close = [cell for cell, size in true.items() if size <= CLOSE * percent / 100]
    at = f"threshold {100 * rules.threshold:g} %"
    what = f"{percent} % more work in one backend (measured: {_range(list(true.values()))}), {at}"
    drawn = f"{len(duels):,} duels drawn from {_count(whole)} pairs of each of {len(whole)} cells"
    print(f"| {what}: cells found | {_percent(np.mean([*hits.values()]))} | {drawn} |")
    only, found_there = _range([true[cell] for cell in close]), _percent(np.mean([hits[cell] for cell in close]))
    print(f"| the same, cells at {only} alone | {found_there} | {len(close)} cells |")
    print(f"| the same: duels that fail | {_percent(np.mean(duels))} | the same |")


def _range(shares: list[float]) -> str:
    return f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %"


def _print_compare(folder: Path) -> None:
    """Print how often `report compare` fails at 10 %: between runs, and between halves of all their launches."""
    runs = [pd.read_csv(path, keep_default_na=False) for path in sorted(folder.glob("pinned*.csv"))]
    sides = list(itertools.permutations(runs, 2))
    _print_fails(f"{len(sides)} ordered pairs of {len(runs)} runs", [_compare(folder, *pair) for pair in sides])
    launches = pd.concat([run.assign(launch=run["launch"] + 100 * number) for number, run in enumerate(runs)])
    every = list(_halves(sorted(launches["launch"].unique())))
    halves = [launches["launch"].isin(half) for half in random.sample(every, min(SPLITS, len(every)))]
    fails = [_compare(folder, launches[mine], launches[~mine]) for mine in halves]
    _print_fails(f"{len(halves)} of {len(every)} splits of their {launches['launch'].nunique()} launches", fails)


def _print_fails(of: str, fails: list[bool]) -> None:
    what = f"report compare, {LAUNCHES} pinned launches a side: suites that fail at 10 %"
    print(f"| {what} | {_percent(np.mean(fails))} | {of} |")


def _halves(launches: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield launches for a side that leave as many for the other."""
    yield from itertools.combinations(launches, LAUNCHES)


def _compare(folder: Path, base: pd.DataFrame, head: pd.DataFrame) -> bool:
    paths = [folder / "base.tmp.csv", folder / "head.tmp.csv"]
    for path, rows in zip(paths, (base, head), strict=True):
        chosen = rows[rows["launch"].isin(sorted(rows["launch"].unique())[:LAUNCHES])]
        chosen.replace({"dirty": {True: "true", False: "false"}}).to_csv(path, index=False)
    found = compare(of_files([paths[0]], [paths[1]]), CompareRules())
    for path in paths:
        path.unlink()
    return found.exit_code == 1


def _percent(share: Any) -> str:
    return f"{100 * float(share):.2f} %"


if __name__ == "__main__":
    main()
