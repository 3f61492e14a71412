"""GradBench's workloads as cases of ours, and the times that GradBench publishes for them.

Source      GradBench (github.com/gradbench/gradbench, MIT license): `evals/<eval>/summary.json` on the branch
            `ci/refs/heads/nightly`, the 40 nights from 2025-10-02 to 2026-03-14
Machine     GitHub's ubuntu-24.04 runners, jax 0.4.38, torch 2.5.1, float64
Rows        published.csv has the rows that are used here: seconds a call, the median, the least and the most of the
            nights. `primal` is the value, `derivative` the gradient

Of `gmm` the functions are `objective` and `jacobian`, of `lse` `primal` and `gradient`. Of `kmeans` only `cost` is
here. Its derivative, `dir`, is a Newton direction. It needs the diagonal of the Hessian, which no operator of ours
computes.

Our functions are the same (`tests/problems` holds them to GradBench's definitions), but our loss of gmm is minus
GradBench's objective, and the arrays have other values: our points of kmeans lie in clusters, theirs are uniform; our
precisions of gmm are drawn closer together.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from backends import Case

PUBLISHED = Path(__file__).with_name("published.csv")

TOOLS = {
    "numpy": "manual",
    "autograd": "",
    "torch-grad": "pytorch",
    "torch-compile-step": "",
    "jax-jit": "jax",
}
"""The modes, each with the tool of GradBench that is written most like it; empty if there is none.

`manual` is a derivative by hand in C++.
"""


class Times(NamedTuple):
    """The published seconds a call of a value and of its derivative. `None` where GradBench has no such time."""

    value: float | None
    derivative: float | None


class Workload(NamedTuple):
    """A workload by GradBench's names, such as `gmm` and `64_100_1000`."""

    evaluation: str
    name: str

    def case(self, operator: str, backend: str) -> Case:
        """Return the case of ours that computes the same function of arrays of the same shapes, in float64."""
        problem, batch_size, sizes = _sizes(self)
        return Case(operator, problem, backend, batch_size, "float64", "cpu", 1, sizes)

    def __str__(self) -> str:
        return f"{self.evaluation} {self.name}"


def _sizes(workload: Workload) -> tuple[str, int, str]:
    """Return the problem of ours, its batch size, and the text of its other sizes."""
    match workload.evaluation, _numbers(workload):
        case "gmm", [d, k, n]:
            return "gmm", n, f"components={k} dimension={d}"
        case "kmeans", [k, n, d]:
            return "kmeans", n, f"clusters={k} dimension={d}"
        case "lse", [n]:
            return "log_sum_exp", n, ""
    raise ValueError(f"'{workload}' is no workload of gmm, kmeans or lse")


@cache
def published() -> dict[tuple[Workload, str], Times]:
    """Return what GradBench publishes, by workload and tool: the medians over the nights."""
    found: dict[tuple[Workload, str], Times] = {}
    for workload, tool, which, seconds in _rows():
        times = found.get((workload, tool), Times(None, None))
        changed = times._replace(value=seconds) if which == "primal" else times._replace(derivative=seconds)
        found[workload, tool] = changed
    return found


def _rows() -> Iterator[tuple[Workload, str, str, float]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Workload(row["eval"], row["workload"]), row["tool"], row["which"], float(row["seconds_median"])


def workloads() -> dict[str, Workload]:
    """Return every workload that GradBench publishes, by its text, such as `lse n=2500`; the smallest first."""
    found = {workload for workload, _ in published()}
    return {str(workload): workload for workload in sorted(sorted(found, key=str), key=_order)}


def _order(workload: Workload) -> tuple[str, int]:
    return workload.evaluation, math.prod(_numbers(workload))


def _numbers(workload: Workload) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", workload.name)]
