"""Is each mode written as well as it can be? `python -m experiments.alternatives`

Each mode is alternated with other ways to write it in the same framework, in one process, in random order. Every other
way is checked as a backend is. Each repeat rebuilds both sides in other memory. The table has the time of the other way
over the time of the mode, with its 95 % interval. Below 1 the other way is faster.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backends import Backend, Builder, Case, load
from bench.case import prepare
from experiments import provenance
from experiments.alternation import alternate
from experiments.alternatives import (
    Alternatives,
    autograd_alternatives,
    jax_alternatives,
    numpy_alternatives,
    optional_alternatives,
    torch_alternatives,
    torch_compiled_alternatives,
    torch_loss_alternatives,
    torch_optimizer_alternatives,
)
from problems import OPERATORS, OPTIMIZERS, SGD, find
from problems import load as load_problems
from report.statistics.intervals import median_interval

ALTERNATIVES: Alternatives = {
    **numpy_alternatives.ALTERNATIVES,
    **autograd_alternatives.ALTERNATIVES,
    **torch_alternatives.ALTERNATIVES,
    **torch_compiled_alternatives.ALTERNATIVES,
    **jax_alternatives.ALTERNATIVES,
    **optional_alternatives.ALTERNATIVES,
}

OPTIMIZED: Alternatives = torch_optimizer_alternatives.ALTERNATIVES
"""The other ways to write a descent by another optimizer than `sgd`, by the mode, then by the optimizer."""

LOSSES = {"torch-fused": torch_loss_alternatives.LOSSES}
"""The other ways to write the loss of a descent, by the mode that has losses of its own, then by the problem."""


class Row(NamedTuple):
    """A row of the table: a mode, its case at the first batch size, and another way to write it."""

    mode: Backend
    case: Case
    way: str
    builder: Builder


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each operator, mode and other way, and a column for each batch size."""
    parser = argparse.ArgumentParser(prog="python -m experiments.alternatives", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=ALTERNATIVES, default=list(ALTERNATIVES))
    parser.add_argument("--operator", nargs="+", choices=OPERATORS, default=list(OPERATORS))
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default=SGD, help="if not sgd, only descents by this one")
    parser.add_argument("--problem", choices=load_problems(), default="quadratic")
    parser.add_argument("--batch-size", type=int, nargs="+", default=[100, 1_000_000])
    parser.add_argument("--way", default="", help="only the other ways whose name contains this text")
    parser.add_argument("--seconds", type=float, default=0.25, help="of each repeat (default: 0.25)")
    parser.add_argument("--repeats", type=int, default=7, help="each rebuilds both sides in other memory (default: 7)")
    options = parser.parse_args(arguments)
    sizes = " | ".join(f"at {size:,}" for size in options.batch_size)
    print(f"| operator | mode | other way | {sizes} |\n| --- | --- | --- |{' --- |' * len(options.batch_size)}")
    for row in selected(options):
        print(f"| {row.case.operator} | `{row.case.backend}` | {row.way} |", end="", flush=True)
        for size in options.batch_size:
            print(f" {ratio(row, size, options.seconds, options.repeats)} |", end="", flush=True)
        print(flush=True)
    print(provenance.line(f"Measured on `{options.problem}`"))


def selected(options: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows that the options select, by operator, then by mode; name on stderr the modes that refuse."""
    backends, problem = load().backends, find(options.problem)
    for operator in options.operator if options.optimizer == SGD else ["descent"]:
        for name in options.backend:
            steps = problem.steps if operator == "descent" else 1
            size, optimizer = options.batch_size[0], options.optimizer
            case = Case(operator, problem.name, name, size, "float32", "cpu", steps, optimizer=optimizer)
            if not (other := ways(case)):
                continue
            if (refused := prepare.refusal(case, backends[name], problem)) is not None:
                print(refused[1], file=sys.stderr)
                continue
            for way, builder in other.items():
                if options.way in way:
                    yield Row(backends[name], case, way, builder)


def ways(case: Case) -> dict[str, Builder]:
    """Return the other ways to write the mode's operator and, for a descent, the loss that the mode has of its own."""
    if case.optimizer not in {"", SGD}:
        return dict(OPTIMIZED.get(case.backend, {}).get(case.optimizer, {}))
    losses = LOSSES.get(case.backend, {}).get(case.problem, {}) if case.operator == "descent" else {}
    return {**ALTERNATIVES[case.backend].get(case.operator, {}), **losses}


def written(mode: Any, case: Case, builder: Builder) -> Any:
    """Return the mode with this builder for the case's operator, or for its optimizer."""
    if case.optimizer in {"", SGD}:
        return replace(mode, builders={**mode.builders, case.operator: builder})
    return replace(mode, optimizers={**mode.optimizers, case.optimizer: builder})


def ratio(row: Row, batch_size: int, seconds: float, repeats: int) -> str:
    """Return the ratio other way / mode at a batch size as the table has it, or the error that the other way raised."""
    case = replace(row.case, batch_size=batch_size)
    try:
        interval = median_interval([compare(row.mode, case, row.builder, seconds) for _ in range(repeats)])
    except Exception as error:  # noqa: BLE001 (that another way does not work is a result)
        return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"
    return f"{interval.center:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def compare(mode: Any, case: Case, builder: Builder, seconds: float) -> float:
    """Return the median ratio other way / mode. Both are built for this call, in memory of their own."""
    problem = find(case.problem)
    padding = np.empty(random.randrange(1, 4096), dtype="uint8")  # noqa: S311 (shifts what is allocated after it)
    other = prepare.prepare(case, written(mode, case, builder), problem)
    own = prepare.prepare(case, mode, problem)
    ratios, _ = alternate(other.call, own.call, seconds)
    del padding
    return float(np.median(ratios))


if __name__ == "__main__":
    main()
