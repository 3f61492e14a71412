"""The doctor, `python -m backends`: which backends this machine has, why others are missing, and a check of each.

The check is the tutorial's. At one random x, it compares each backend's derivative of x² − 2x + 5 with the hand-derived
2x − 2. Then it compares the end of the backend's descent with the minimum, x = 1, where f = 4.
Exit codes: 0, no backend is wrong; 1, a backend is wrong; 2, the doctor itself failed.

With `--markdown` it prints the table of modes and checks nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import sys
from dataclasses import dataclass, replace

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backends import Backend, BackendError, Case, Found, catalogue, devices, load, place, why_missing
from problems import Array, Problem, ProblemError
from problems import load as load_problems
from problems.faults import described
from report.exits import FAILED, exit_code

TOLERANCE = 1e-9
"""The largest error allowed: the rounding of 100 steps in float64, with a margin of six digits."""


@dataclass(frozen=True)
class Checkup:
    """One backend's derivative at x and the end of its descent; or the reason why it has none."""

    derivative: float = math.nan
    end: float = math.nan
    reason: str = ""

    def right(self, derivative: float) -> bool:
        """Whether the derivative equals the hand-derived one, and the descent ends at 1."""
        return abs(self.derivative - derivative) <= TOLERANCE and abs(self.end - 1.0) <= TOLERANCE


def main(arguments: list[str] | None = None) -> int:
    """Print the two tables, or the table of modes, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m backends", description=__doc__.partition("\n")[0])
    parser.add_argument("--markdown", action="store_true", help="print only the table of modes, as Markdown")
    options = parser.parse_args(arguments)
    try:
        found, problem = load(), load_problems()["quadratic"]
    except (BackendError, ProblemError) as error:
        print(f"backends: {error}", file=sys.stderr)
        return FAILED
    if options.markdown:
        return _print_catalogue(found)
    console = Console(highlight=False)
    console.print(_inventory(found))
    if importlib.util.find_spec("memray") is None:
        console.print(
            "no peak_bytes: memray is not installed; pip install -c constraints.txt '.[memory]'\n", markup=False
        )
    return _check_derivatives(console, found, problem)


def _print_catalogue(found: Found) -> int:
    print(catalogue.markdown(found.backends.values()), end="")
    for framework, reason in found.missing.items():
        print(f"no row for the modes of {framework}: {reason}", file=sys.stderr)
    return 0


def _inventory(found: Found) -> Table:
    table = Table("backend", "default", "version", "devices", "missing", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, backend in found.backends.items():
        version, fault = _version(backend)
        reasons = [fault, *(why_missing(backend, device) for device in backend.known_devices)]
        raced = "yes" if backend.in_default else ""
        table.add_row(
            name, raced, escape(version), ", ".join(devices(backend)), escape(" ".join(filter(None, reasons)))
        )
    for framework, reason in found.missing.items():
        table.add_row(framework, "", "–", "–", escape(reason))
    return table


def _version(backend: Backend) -> tuple[str, str]:
    """Return the version of the backend's framework, and if it raises instead, a dash and what it raised."""
    try:
        return str(backend.version()), ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (the doctor reports whatever a backend raises)
        return "–", f"no version: {described(error)}"


def _check_derivatives(console: Console, found: Found, problem: Problem) -> int:
    x = np.array([random.random()])  # noqa: S311 (not a secret)
    hand = float(problem.gradient(x, ())[0])
    console.print(f"f(x) = x² − 2x + 5 at x = {x[0]:.6f}: hand-derived f'(x) = 2x − 2 = {hand:.6f}\n", markup=False)
    table = Table("backend", "f'(x)", "off by", "descent ends at x", "f(x)", "", box=box.SIMPLE_HEAD, pad_edge=False)
    wrong = 0
    with console.status("") as status:
        for name, backend in found.backends.items():
            status.update(f"asking {name}")
            checkup = _ask(backend, problem, x)
            if checkup.reason:
                table.add_row(name, "–", "–", "–", "–", escape(checkup.reason))
                continue
            right = checkup.right(hand)
            wrong += not right
            table.add_row(name, *_figures(checkup, hand, problem), "right" if right else "WRONG")
    console.print(table)
    return 1 if wrong else 0


def _ask(backend: Backend, problem: Problem, x: Array) -> Checkup:
    """Return the backend's answers on the CPU, in float64."""
    case = Case("gradient", problem.name, backend.name, 1, "float64", "cpu", problem.steps)
    if case.device not in backend.known_devices:
        return Checkup(reason=f"computes on {', '.join(backend.known_devices)} only")
    try:
        if reason := backend.unsupported(case, problem):
            return Checkup(reason=reason)
        derivative = _call(backend, case, problem, x)
        return Checkup(derivative, _call(backend, replace(case, operator="descent"), problem, x))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (likewise)
        return Checkup(reason=described(error))


def _call(backend: Backend, case: Case, problem: Problem, x: Array) -> float:
    (placed,) = place(backend, case, x)
    result = backend.compile(case, problem, placed, ())(placed, ())
    backend.wait(result, case)
    return float(backend.fetch(result, case)[0])


def _figures(checkup: Checkup, hand: float, problem: Problem) -> tuple[str, str, str, str]:
    value = float(problem.loss(np, np.array([checkup.end]), ()))
    off = f"{abs(checkup.derivative - hand):.1e}"
    return f"{checkup.derivative:.6f}", off, f"{checkup.end:.6f}", f"{value:.6f}"


if __name__ == "__main__":
    sys.exit(exit_code(main))
