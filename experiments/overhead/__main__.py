"""Does the harness add anything to what it measures? `python -m experiments.overhead`

The harness's prepared call is alternated with a hand-written descent in the same mode, in one process, in random order.
The table has the median of the pairwise ratios, harness over hand-written, with its 95 % interval. Pin the process for
small differences: put `taskset --cpu-list 0` before the command.
"""

from __future__ import annotations

import argparse
import functools
import random
from collections.abc import Sequence

import numpy as np

import problems
from backends import Backend, Case, load
from bench.case import prepare
from experiments import provenance
from experiments.alternation import alternate
from experiments.overhead.hand_written import DESCENTS, STEPS
from report.statistics.intervals import median_interval


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each batch size and backend."""
    parser = argparse.ArgumentParser(prog="python -m experiments.overhead", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=DESCENTS, default=list(DESCENTS))
    parser.add_argument("--batch-size", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--seconds", type=float, default=1.5, help="of each repeat (default: 1.5)")
    parser.add_argument("--repeats", type=int, default=7, help="each rebuilds both sides in other memory (default: 7)")
    options = parser.parse_args(arguments)
    backends = load().backends
    print("| backend | batch size | µs a step | harness / hand |\n| --- | ---: | ---: | --- |", flush=True)
    for batch_size in options.batch_size:
        for name in options.backend:
            repeats = [compare(backends[name], batch_size, options.seconds) for _ in range(options.repeats)]
            print(row(name, batch_size, repeats), flush=True)
    print(provenance.line("Measured"))


def row(name: str, batch_size: int, repeats: Sequence[tuple[float, float]]) -> str:
    """Return the table's row of a backend, from the results of `compare`."""
    ratios, seconds = zip(*repeats, strict=True)
    ratio, microseconds = median_interval(ratios), 1e6 * np.median(seconds)
    interval = f"{ratio.center:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]"
    return f"| `{name}` | {batch_size:,} | {microseconds:.2f} | {interval} |"


def compare(backend: Backend, batch_size: int, seconds: float) -> tuple[float, float]:
    """Return the median ratio harness / hand-written, and the seconds a step of the hand-written descent.

    Both descents are built for this call, in memory of their own.
    """
    problem = problems.load()["quadratic"]
    case = Case("descent", problem.name, backend.name, batch_size, "float32", "cpu", STEPS)
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    harness = prepare.prepare(case, backend, problem).call
    host, _ = problems.instance(problem, batch_size, "float32")
    (x,) = backend.put((host,), case)
    descend = DESCENTS[backend.name](host)
    ratios, seconds_by_hand = alternate(harness, functools.partial(descend, x), seconds)
    del padding
    return float(np.median(ratios)), float(np.median(seconds_by_hand)) / STEPS


if __name__ == "__main__":
    main()
