"""What does a value cost on top of a gradient? `python -m experiments.value_cost`

For each mode, `value_and_gradient` is alternated with `gradient`, and then a `value` followed by a `gradient` with
`value_and_gradient`, in one process, in random order. Each repeat rebuilds both sides in other memory. The table has
the time of the first over that of the second, with its 95 % interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from backends import Backend, Case, load
from bench.case import prepare
from experiments import provenance
from experiments.alternation import alternate
from problems import PAIR, find
from problems import load as load_problems
from report.statistics.intervals import median_interval

MODES = ("numpy", "autograd", "torch-optim", "torch-grad", "torch-func", "torch-compile-step", "jax-grad", "jax-jit")

ROUND_SECONDS = 3e-4
"""So short that other work on the same core interrupts few rounds: the median leaves those out."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each problem, batch size and mode."""
    parser = argparse.ArgumentParser(prog="python -m experiments.value_cost", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--problem", nargs="+", choices=load_problems(), default=["logistic", "softmax_mlp"])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[10, 1_000])
    parser.add_argument("--seconds", type=float, default=0.5, help="of each ratio and repeat (default: 0.5)")
    parser.add_argument("--repeats", type=int, default=7, help="each rebuilds both sides in other memory (default: 7)")
    options = parser.parse_args(arguments)
    print("| problem | batch size | mode | both / the gradient | one after the other / both |")
    print("| --- | --- | --- | --- | --- |")
    found = load().backends
    for problem in options.problem:
        for size in options.batch_size:
            for name in options.backend:
                case = Case(PAIR, problem, name, size, "float32", "cpu", 1)
                cells = ratios(found[name], case, options.seconds, options.repeats)
                print(f"| `{problem}` | {size:,} | `{name}` | {' | '.join(cells)} |", flush=True)
    print(provenance.line("Measured"))


def ratios(backend: Backend, case: Case, seconds: float, repeats: int) -> list[str]:
    """Return the two ratios of a mode, as the table has them."""
    pairs = [compare(backend, case, seconds) for _ in range(repeats)]
    intervals = map(median_interval, zip(*pairs, strict=True))
    return [f"{interval.center:.2f} [{interval.low:.2f}, {interval.high:.2f}]" for interval in intervals]


def compare(backend: Backend, case: Case, seconds: float) -> tuple[float, float]:
    """Return the median ratios both / gradient, and value and then gradient / both, of programs built for this call."""
    value, gradient, both = (_call(backend, case, operator) for operator in ("value", "gradient", PAIR))

    def apart() -> None:
        value()
        gradient()

    return _median(both, gradient, seconds), _median(apart, both, seconds)


def _call(backend: Backend, case: Case, operator: str) -> Callable[[], Any]:
    return prepare.prepare(replace(case, operator=operator), backend, find(case.problem)).call


def _median(first: Callable[[], Any], second: Callable[[], Any], seconds: float) -> float:
    return median_interval(alternate(first, second, seconds, ROUND_SECONDS)[0]).center


if __name__ == "__main__":
    main()
