"""What do two CSVs say? `python -m experiments.runs collect FOLDER`, then `table`

`collect` measures runs of pinned launches, one after the other, with nothing changed: as many as the folder lacks. The
rows are kept in results/evidence. `table` has what launches and runs differ by, what `report compare` says of two runs
that follow one another, and whether it finds a backend that takes 10 % longer: the same rows, with its times scaled.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from bench import machine
from experiments import evidence
from experiments.rates import of_drawn, rate
from report import table as results
from report.compare import changes
from report.compare.comparison import COMPARE_CONFIDENCE, Comparison, Rules, compare
from report.compare.sides import Sides
from report.run.launch_noise import MAD
from report.statistics.verdict import Verdict

OPTIONS = {"--launches": "10", "--max-time": "0.3", "--steps": "5", "--device": "cpu"}
PINNED = ("--threads", "1", "--allocator", "steady", "--only-times")
THRESHOLD = 0.05
SLOWER = 0.10
LARGE = 100_000
"""From this batch size on, arrays leave the cache, and the cases are counted apart."""

SIDE, DRAWS = 10, 500
"""Launches of a side, and suites, that are drawn."""

KEPT = evidence.FOLDER / "runs.csv"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.runs", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    collecting = commands.add_parser("collect", help="measure the runs that the folder lacks")
    collecting.add_argument("folder", type=Path)
    collecting.add_argument("--runs", type=int, default=6, help="in all (default: 6)")
    for name, value in OPTIONS.items():
        collecting.add_argument(name, default=value, help=f"of `bench run` (default: {value})")
    collecting.add_argument("--backend", default="all", metavar="LIST", help="of `bench run` (default: all)")
    collecting.add_argument("--batch-size", metavar="LIST", help="of `bench run` (default: the race's)")
    collecting.set_defaults(command=_collect)
    printing = commands.add_parser("table", help="print the table of what is kept")
    printing.set_defaults(command=_print)
    for command in (collecting, printing):
        evidence.add_kept(command, KEPT)
    options = parser.parse_args(arguments)
    options.command(options)


def _collect(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    given = [word for name in OPTIONS for word in (name, getattr(options, name[2:].replace("-", "_")))]
    given += ["--backend", options.backend] + (["--batch-size", options.batch_size] if options.batch_size else [])
    for number in range(options.runs):
        path = options.folder / f"run{number}.csv"
        if not path.with_suffix(".md").exists():  # written when a run has ended
            path.unlink(missing_ok=True)
            command = [sys.executable, "-m", "bench", "run", *given, *PINNED, "--output", str(path)]
            subprocess.run(command, cwd=machine.ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own)
        evidence.keep(results.read(path), options.kept)


def _print(options: argparse.Namespace) -> None:
    rows = evidence.read(options.kept)
    evidence.print_table(figures_of(rows), evidence.commits(rows))


def figures_of(rows: pd.DataFrame, draws: int = DRAWS) -> Iterator[evidence.Figures]:
    """Yield the rows of the table."""
    yield from _components(rows)
    runs = [same for _, same in rows.groupby("run", sort=False)]
    pairs = list(pairwise(runs))
    compared = [_compared(base, head) for base, head in pairs]
    source = f"real, {len(pairs)} pairs of runs that follow one another"
    cases = pd.concat([comparison.rows for comparison in compared])
    for what, chosen in (("below", cases["batch_size"] < LARGE), ("from", cases["batch_size"] >= LARGE)):
        some = cases[chosen]
        if some.empty:
            continue
        sizes = np.quantile(np.abs(np.log(some["ratio"])), [0.5, 0.95])
        of = f"two runs, cases {what} {LARGE:,}"
        yield f"{of}: change, median and 95th percentile", ", ".join(map(_percent, sizes)), source
        yield f"{of}: half-width of one case's interval, of all together, medians", _halves(some), source
        weights = some["numpy_weight"]
        yield f"{of}: weight of NumPy, least and largest", f"{weights.min():.2f}, {weights.max():.2f}", source
    failed = [comparison.exit_code for comparison in compared]
    yield f"two runs: suites that fail at {100 * THRESHOLD:g} %", rate(sum(failed), len(failed)), source
    split = [_compared(*_half(run)).exit_code for run in runs]
    yield f"two halves of a run: suites that fail at {100 * THRESHOLD:g} %", rate(sum(split), len(split)), "real"
    yield from _several(runs)
    yield from _drawn(rows, draws)
    yield from _slower(pairs)


def _several(runs: Sequence[pd.DataFrame]) -> Iterator[evidence.Figures]:
    """Yield how wide the intervals are where each side has several runs: from three on, runs are the units."""
    for count in range(2, len(runs) // 2 + 1):
        found = _compared(pd.concat(runs[:count]), pd.concat(runs[count : 2 * count])).rows
        what = (
            f"{count} runs a side, cases below {LARGE:,}: half-width of one case's interval, of all together, medians"
        )
        yield what, _halves(found[found["batch_size"] < LARGE]), "real, one comparison"


def _halves(cases: pd.DataFrame) -> str:
    ends = (("low", "high"), ("all_low", "all_high"))
    return ", ".join(_percent(np.median(np.log(cases[high] / cases[low]) / 2.0)) for low, high in ends)


def _drawn(rows: pd.DataFrame, draws: int) -> Iterator[evidence.Figures]:
    """Yield how many suites fail whose sides are drawn from the launches of all runs."""
    cases, logs = changes.by_launch(Sides(rows, (rows["launch"] % 2 == 1).to_numpy(), "", ""))
    logs = logs[:, (cases["batch_size"] < LARGE).to_numpy()]
    random, side = np.random.default_rng(0), min(SIDE, len(logs) // 2)
    failed = 0
    for _ in range(draws):
        order = random.permutation(len(logs))
        found = changes.intervals(logs[order[:side]], logs[order[side : 2 * side]], COMPARE_CONFIDENCE)
        failed += bool(((found["all_low"] > 1.0) & (found["ratio"] > 1.0 + THRESHOLD)).any())
    what = f"two sides of {side} launches, cases below {LARGE:,}: suites that fail at {100 * THRESHOLD:g} %"
    yield what, of_drawn(failed, draws), f"drawn from {len(logs)} launches of all runs"


def _components(rows: pd.DataFrame) -> Iterator[evidence.Figures]:
    """Yield what rounds, launches and runs differ by, at each batch size: the median over the backends."""
    for size, same in rows.groupby("batch_size"):
        rounds = float(np.median(np.log(same["seconds_ci_high"] / same["seconds_ci_low"]) / 2.0))
        yield f"seconds at {size:,}: half-width of a launch's own interval, of its rounds", _percent(rounds), "real"
        for measure, name in (("seconds_median", "seconds"), ("ratio_to_numpy", "ratio to NumPy")):
            logs = np.log(same[measure])
            keys = [same["backend"], same["run"]]
            launches = logs.groupby(keys).var().groupby("backend").mean()
            robust = logs.groupby(keys).agg(lambda of_run: MAD * (of_run - of_run.median()).abs().median())
            means = logs.groupby(keys).mean().groupby("backend").var()
            count = same.groupby(["backend", "run"]).size().groupby("backend").mean()
            runs = np.sqrt(np.maximum(0.0, means - launches / count))
            yield (
                f"{name} at {size:,}: standard deviation of launches, of undisturbed ones, of runs beyond launches",
                ", ".join(_percent(value.median()) for value in (np.sqrt(launches), robust, runs)),
                f"real, {len(launches)} backends",
            )


def _half(run: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return run[run["launch"] % 2 == 0], run[run["launch"] % 2 == 1]


def _slower(pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> Iterator[evidence.Figures]:
    """Yield how often a backend that takes 10 % longer is found, in its cases below `LARGE`."""
    verdicts = [_verdicts_of_slower(base, head) for base, head in pairs]
    every = [verdict for of_pair in verdicts for verdict in of_pair]
    found = [sum(verdict == Verdict.REGRESSED for verdict in of_pair) for of_pair in verdicts]
    what = f"two runs, one backend slower by {100 * SLOWER:g} %, cases below {LARGE:,}"
    source = "real runs, its times scaled"
    yield f"{what}: found at {100 * THRESHOLD:g} %", rate(sum(found), len(every)), source
    by_pair = ", ".join(f"{hits} of {len(of_pair)}" for hits, of_pair in zip(found, verdicts, strict=True))
    yield f"{what}: found, by pair of runs", by_pair, "the same"
    unchanged = sum(verdict == Verdict.UNCHANGED for verdict in every)
    yield f"{what}: called unchanged", rate(unchanged, len(every)), "the same"


def _verdicts_of_slower(base: pd.DataFrame, head: pd.DataFrame) -> list[Verdict]:
    """Return the verdicts on the cases of each backend, where it alone takes longer in head."""
    verdicts: list[Verdict] = []
    for backend in sorted(set(head["backend"])):
        slow = head.assign(**{name: _times(head, name, backend) for name in ("seconds_median", "ratio_to_numpy")})
        found = _compared(base, slow).rows
        verdicts += list(found.loc[(found["backend"] == backend) & (found["batch_size"] < LARGE), "verdict"])
    return verdicts


def _times(rows: pd.DataFrame, column: str, backend: str) -> pd.Series:
    """Return a column of the rows, longer in one backend."""
    longer = rows["backend"] == backend
    return rows[column].where(~longer, rows[column] * (1.0 + SLOWER))


def _compared(base: pd.DataFrame, head: pd.DataFrame) -> Comparison:
    rows = pd.concat([base, head], ignore_index=True)
    of_head = np.arange(len(rows)) >= len(base)
    return compare(Sides(rows, of_head, "base", "head"), Rules(THRESHOLD))


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


if __name__ == "__main__":
    main()
