"""Does the harness add anything to what it measures? `python -m experiments.overhead`

The harness's prepared call is alternated with a hand-written descent in the same mode, in one process, in random order.
The table has the median of the pairwise ratios, harness over hand-written, with its 95 % interval. Pin the process for
small differences: put `taskset --cpu-list 0` before the command. `--problem attention` is a user's loss: a module of
torch and a JAX function, with parameters in a dict, and no gradient by hand.
"""

from __future__ import annotations

import argparse
import functools
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import problems
from backends import Case, load, place
from bench.case import prepare
from bench.case.check.derived import by_framework
from bench.case.check.kept import keeping
from bench.case.referee import keep_answers
from experiments import provenance
from experiments.alternation import alternate
from experiments.overhead import attention, hand_written
from problems import Problem
from report.statistics.intervals import median_interval

PROBLEMS = {"quadratic": problems.find("quadratic"), "attention": attention.PROBLEM}
DESCENTS: dict[str, dict[str, Any]] = {"quadratic": hand_written.DESCENTS, "attention": attention.DESCENTS}
SIZES = {"quadratic": (100, 10_000), "attention": attention.PROBLEM.batch_sizes}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each batch size and backend."""
    parser = argparse.ArgumentParser(prog="python -m experiments.overhead", description=__doc__.partition("\n")[0])
    parser.add_argument("--problem", choices=DESCENTS, default="quadratic")
    parser.add_argument("--backend", nargs="+", help="default: all that have a hand-written descent")
    parser.add_argument("--batch-size", type=int, nargs="+", help="default: 100 and 10,000; of attention, 1 and 8")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each repeat (default: 1.5)")
    parser.add_argument("--repeats", type=int, default=7, help="each rebuilds both sides in other memory (default: 7)")
    options = parser.parse_args(arguments)
    problem, descents = PROBLEMS[options.problem], DESCENTS[options.problem]
    names = options.backend or list(descents)
    if unknown := sorted(set(names) - descents.keys()):
        parser.error(f"no hand-written descent on {options.problem} in {', '.join(unknown)}")
    print("| backend | batch size | µs a step | harness / hand |\n| --- | ---: | ---: | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder, keeping(Path(folder)):
        for batch_size in options.batch_size or SIZES[options.problem]:
            for name in names:
                repeats = [compare(problem, name, batch_size, options.seconds) for _ in range(options.repeats)]
                print(row(name, batch_size, repeats), flush=True)
    print(provenance.line("Measured"))


def row(name: str, batch_size: int, repeats: Sequence[tuple[float, float]]) -> str:
    """Return the table's row of a backend, from the results of `compare`."""
    ratios, seconds = zip(*repeats, strict=True)
    ratio, microseconds = median_interval(ratios), 1e6 * np.median(seconds)
    interval = f"{ratio.center:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]"
    return f"| `{name}` | {batch_size:,} | {microseconds:.2f} | {interval} |"


def compare(problem: Problem, name: str, batch_size: int, seconds: float) -> tuple[float, float]:
    """Return the median ratio harness / hand-written, and the seconds a step of the hand-written descent.

    Both descents are built for this call, in memory of their own.
    """
    backends = load().backends
    backend, case = backends[name], Case("descent", problem.name, name, batch_size, "float32", "cpu", problem.steps)
    if not problem.is_derived:
        keep_answers(case, by_framework(problem, backends, "torch"))
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    harness = prepare.prepare(case, backend, problem).call
    host, data = problems.instance(problem, batch_size, "float32")
    arguments = place(backend, case, host, data) if data else place(backend, case, host)
    descend = DESCENTS[problem.name][name](host)
    ratios, seconds_by_hand = alternate(harness, functools.partial(descend, *arguments), seconds)
    del padding
    return float(np.median(ratios)), float(np.median(seconds_by_hand)) / problem.steps


if __name__ == "__main__":
    main()
