"""Is each mode the best way to write its idiom? `python -m experiments.idioms`

A mode is alternated with other ways to write the same idiom in the same framework, in one process, in random order;
each way is checked as a backend is, and both are made anew in each repeat, in other memory. Printed is how long the
other way takes over the mode, with its 95 % interval: below 1 it is the better one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backends import Backend, Builder, Case, load
from bench.case import prepare
from experiments.alternation import alternate
from experiments.idioms import (
    Alternatives,
    autograd_alternatives,
    jax_alternatives,
    numpy_alternatives,
    torch_alternatives,
)
from problems import OPERATORS, find
from problems import load as load_problems
from report.statistics.intervals import median_interval

ALTERNATIVES: Alternatives = {
    **numpy_alternatives.ALTERNATIVES,
    **autograd_alternatives.ALTERNATIVES,
    **torch_alternatives.ALTERNATIVES,
    **jax_alternatives.ALTERNATIVES,
}


def main() -> None:
    """Print a row a mode, operator, problem and other way, as Markdown; a column a batch size."""
    parser = argparse.ArgumentParser(prog="python -m experiments.idioms", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=ALTERNATIVES, default=list(ALTERNATIVES))
    parser.add_argument("--operator", nargs="+", choices=OPERATORS, default=list(OPERATORS))
    parser.add_argument("--problem", nargs="+", choices=load_problems(), default=["quadratic"])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[100, 1_000_000])
    parser.add_argument("--way", default="", help="only the other ways whose name has this in it")
    parser.add_argument("--seconds", type=float, default=0.25, help="of each repeat")
    parser.add_argument("--repeats", type=int, default=7, help="both sides are made anew in each, in other memory")
    options = parser.parse_args()
    sizes = [f"{size:,}" for size in options.batch_size]
    print("| mode | operator | problem | other way |", " | ".join(sizes), "|\n| --- | --- | --- | --- |", end="")
    print(" --- |" * len(sizes), flush=True)
    for backend, case, way, builder in selected(options):
        print(f"| `{case.backend}` | {case.operator} | {case.problem} | {way} |", end="", flush=True)
        for size in options.batch_size:
            ratio = ratios(backend, replace(case, batch_size=size), builder, options.seconds, options.repeats)
            print(f" {ratio} |", end="", flush=True)
        print(flush=True)


def selected(options: argparse.Namespace) -> Iterator[tuple[Backend, Case, str, Builder]]:
    """Yield each mode and case with each other way to it."""
    backends = load().backends
    for name in options.backend:
        for operator in (operator for operator in ALTERNATIVES[name] if operator in options.operator):
            for problem in map(find, options.problem):
                steps = problem.steps if operator == "descent" else 1
                case = Case(operator, problem.name, name, options.batch_size[0], "float32", "cpu", steps)
                if (refused := prepare.refusal(case, backends[name], problem)) is not None:
                    print(refused[1], file=sys.stderr)
                    continue
                for way, builder in ALTERNATIVES[name][operator].items():
                    if options.way in way:
                        yield backends[name], case, way, builder


def ratios(backend: Backend, case: Case, builder: Builder, seconds: float, repeats: int) -> str:
    """Return how long the other way takes over the mode, as the table has it, or what it raised."""
    try:
        found = [compare(backend, case, builder, seconds) for _ in range(repeats)]
    except Exception as error:  # noqa: BLE001 (a way that does not go is a finding)
        return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"
    ratio = median_interval(found)
    return f"{ratio.center:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def compare(mode: Any, case: Case, builder: Builder, seconds: float) -> float:
    """Return the median ratio of the other way over the mode, both made anew."""
    problem = find(case.problem)
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    other = prepare.prepare(case, replace(mode, builders={**mode.builders, case.operator: builder}), problem)
    own = prepare.prepare(case, mode, problem)
    pairs, _ = alternate(other.call, own.call, seconds)
    del padding
    return float(np.median(pairs))


if __name__ == "__main__":
    main()
