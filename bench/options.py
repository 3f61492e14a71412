"""The options that select cases. The race, `bench run` and `bench duel` share them.

This module imports nothing heavy: pytest reads it before threads are pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from report.errors import short
from report.table.schema import LARGEST

DEFAULTS = {
    "operator": "descent",
    "problem": "quadratic",
    "optimizer": "sgd",
    "backend": "default",
    "dtype": "float32",
    "device": "all",
}
"""What is measured if an option is not given. Batch sizes, sizes and steps are then the problem's own."""

HELP = {
    "operator": "what is timed: descent, gradient, value, value_and_gradient, hvp, jvp, comma-separated, or 'all' "
    "(default: descent)",
    "problem": f"problems to descend on, comma-separated, or 'all' (default: {DEFAULTS['problem']})",
    "optimizer": "optimizers of a descent: sgd, momentum, adam, lbfgs, comma-separated, or 'all' (default: sgd)",
    "backend": "backends to race, comma-separated; 'default', a choice of modes to see side by side, and 'all' may be "
    "among them (default: default)",
    "batch_size": "batch sizes, comma-separated (default: the problem's own; quadratic has 1,100,10000,1000000)",
    "dtype": f"float32, float64 or 'all' (default: {DEFAULTS['dtype']})",
    "device": "cpu, cuda or 'all' (default: all; a device that is not here gives rows with the reason)",
    "size": "sizes other than the batch, such as logistic.dimension=32, or a preset of every problem, such as large, "
    "comma-separated (default: the problem's own)",
    "steps": "steps of a descent (default: the problem's own; quadratic has 100)",
}
"""The options that select cases, with their help."""

RACE = (
    "--relative-to",
    "--threads",
    "--allocator",
    "--precision",
    "--memory",
    "--warm-cache",
    "--loss-curve",
    "--results",
    "--no-page",
    "--launch",
    "--case-timeout",
    "--isolation",
)
"""The other options of the race, which conftest.py defines."""

METAVAR = {"steps": "N"}
"""What an option takes; a LIST unless it is named here."""

PRECISIONS = ("float32", "tf32", "bfloat16")
"""What `--precision` may be: the names of `backends.precision`, which imports NumPy. The first is the default."""

PRECISION = "in which precision a GPU multiplies float32 arrays (default: float32); the column records what it did"

MEMORY = "'off': do not measure peak memory, which takes 0.1 s a case, and memray if the case is on the CPU"

WARM_CACHE = "'off': do not compile again to measure warm_compile_seconds, which for JAX takes as long as compiling"
LOSS_CURVE = "measure the loss over time: the seconds and the loss of shorter descents, in the column loss_curve"

ONLY_TIMES = (
    "measure what `report compare` needs and nothing else: no memory, roofline, target or value; what was compiled "
    "before may be used again"
)

TIMEOUT_SECONDS = 300.0
"""How long a case may take, with its preparation and all its rounds. In a duel, how long one request may take."""

TIMEOUT = f"most time for one case (in a duel: one request); past it, the case fails (default: {TIMEOUT_SECONDS:g})"


def flag(name: str) -> str:
    """Return the option as it is typed: `--batch-size` for `batch_size`."""
    return f"--{name.replace('_', '-')}"


def of_the_race(text: str) -> list[str]:
    """Return the options of the race, and of pytest-benchmark, that are named in the options of a pytest."""
    own = {*map(flag, HELP), *RACE}
    return [word for word in re.findall(r"(?<!\S)--[\w-]+", text) if word in own or word.startswith("--benchmark-")]


def none_left(keyword: str, problems: Iterable[str]) -> str:
    """Return what to do if pytest deselected every case: one line. `keyword` is what `-k` got, or nothing."""
    words = re.findall(r"[\w-]+", keyword)
    named = ",".join(name for name in problems if name in words)
    chooser = f"-k '{keyword}'" if keyword else "pytest"
    return (
        f"No case is left: {chooser} chooses among the selected cases, by default "
        f"those of {DEFAULTS['operator']} on {DEFAULTS['problem']}. Other problems, backends, … are selected by "
        f"--problem, --backend, …{named and f'; here: --problem {named}'}"
    )


def seconds(word: str) -> float:
    """Return `word` as a number of seconds above 0. Raise `ValueError` with one line otherwise."""
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise ValueError(f"'{word}': must be a number of seconds above 0")
    return value


def whole(what: str, word: str) -> int:
    """Return `word` as a whole number, 1 or more. Raise `ValueError` with one line that names `what` and `word`."""
    return _from(1, what, word)


def natural(what: str, word: str) -> int:
    """Return `word` as a whole number, 0 or more. Raise `ValueError` with one line that names `what` and `word`."""
    return _from(0, what, word)


def _from(least: int, what: str, word: str) -> int:
    # isdecimal alone accepts the digits of other scripts. Python converts only some thousands of digits.
    if word.isascii() and word.isdecimal():
        digits = word.lstrip("0") or "0"
        if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
            raise ValueError(f"{what} '{short(word)}': must be at most {LARGEST} (2^53): a result CSV holds no larger")
        if int(digits) >= least:
            return int(digits)
    raise ValueError(f"{what} '{short(word)}': must be a whole number, {least} or more")
