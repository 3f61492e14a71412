"""Is each mode the best way to write its idiom? `python -m experiments.idioms`

Every mode is alternated with other ways to write the same idiom in the same framework, in one process, in random order;
each way is checked as a backend is, and both are made anew in each repeat, in other memory. Printed is how long the
other way takes over the mode, with its 95 % interval: below 1 it is the better one.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backends import Backend, Case, load
from backends.interface import Builder
from bench import measure
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
from report.intervals import median_interval

ALTERNATIVES: Alternatives = {
    **numpy_alternatives.ALTERNATIVES,
    **autograd_alternatives.ALTERNATIVES,
    **torch_alternatives.ALTERNATIVES,
    **jax_alternatives.ALTERNATIVES,
}


def main() -> None:
    """Print a row an alternative and case, as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m experiments.idioms", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=ALTERNATIVES, default=list(ALTERNATIVES))
    parser.add_argument("--operator", nargs="+", choices=OPERATORS, default=list(OPERATORS))
    parser.add_argument("--problem", nargs="+", choices=load_problems(), default=["quadratic"])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[100, 1_000_000])
    parser.add_argument("--way", default="", help="only the other ways whose name has this in it")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each repeat")
    parser.add_argument("--repeats", type=int, default=7, help="both sides are made anew in each, in other memory")
    options = parser.parse_args()
    print("| mode | µs | operator | problem | batch size | other way | its time / the mode's |", flush=True)
    print("| --- | ---: | --- | --- | ---: | --- | --- |", flush=True)
    for backend, case, name, builder in selected(options):
        try:
            found = [compare(backend, case, builder, options.seconds) for _ in range(options.repeats)]
        except Exception as error:  # noqa: BLE001 (a way that does not go is a finding)
            took, said = np.nan, f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"
        else:
            ratio = median_interval([ratio for ratio, _ in found])
            took = float(np.median([seconds for _, seconds in found]))
            said = f"{ratio.median:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
        print(
            f"| `{case.backend}` | {1e6 * took / case.steps:.3g} | {case.operator} | {case.problem} | "
            f"{case.batch_size:,} | {name} | {said} |",
            flush=True,
        )


def selected(options: argparse.Namespace) -> Iterator[tuple[Backend, Case, str, Builder]]:
    """Yield each mode and case with each other way to it."""
    backends = load().backends
    for name in options.backend:
        for operator in (operator for operator in ALTERNATIVES[name] if operator in options.operator):
            for problem in map(find, options.problem):
                for size in options.batch_size:
                    steps = problem.steps if operator == "descent" else 1
                    case = Case(operator, problem.name, name, size, "float32", "cpu", steps)
                    if measure.refusal(case, backends[name], problem) is None:
                        for what, builder in ALTERNATIVES[name][operator].items():
                            if options.way in what:
                                yield backends[name], case, what, builder


def compare(mode: Any, case: Case, builder: Builder, seconds: float) -> tuple[float, float]:
    """Return the median ratio of the other way over the mode, both made anew, and the seconds a call of the mode."""
    problem = find(case.problem)
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    other = measure.prepare(case, replace(mode, builders={**mode.builders, case.operator: builder}), problem)
    own = measure.prepare(case, mode, problem)
    ratios, took = alternate(other.call, own.call, seconds)
    del padding
    return float(np.median(ratios)), float(np.median(took))


if __name__ == "__main__":
    main()
