"""`race` in Python: what `python -m bench run` does, for a script or a notebook."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

import problems
from bench import machine
from bench.case.rounds import Budget
from bench.launches import MAX_SECONDS, MIN_ROUND_SECONDS, MIN_ROUNDS, Options, measured
from bench.options import DEFAULTS, TIMEOUT_SECONDS, seconds, whole
from bench.own.by_value import written
from bench.own.files import Files
from bench.process.client import kill_all
from problems import Problem, ProblemFile

Named: TypeAlias = str | Path
"""The name of a problem or of a backend, or a file of the user."""


def race(  # noqa: PLR0913 (the options of a race)
    problem: Problem | Named | Iterable[Problem | Named],
    *,
    backends: Named | Iterable[Named] = DEFAULTS["backend"],
    batch_sizes: int | Iterable[int] | None = None,
    operators: str | Iterable[str] | None = None,
    optimizers: str | Iterable[str] | None = None,
    dtypes: str | Iterable[str] | None = None,
    devices: str | Iterable[str] | None = None,
    steps: int | None = None,
    sizes: Mapping[str, int] | str | None = None,
    max_time: float = MAX_SECONDS,
    min_rounds: int = MIN_ROUNDS,
    threads: int | None = None,
    memory: bool = True,
    warm_cache: bool = True,
    loss_curve: bool = False,
    case_timeout: float = TIMEOUT_SECONDS,
    results: Named | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """Race the backends on one problem or several, and return the rows as `report.table.read` does.

    A problem is a `Problem`, whose functions may be defined in a notebook; the name of a built-in problem; or a file,
    `mine.py` or `mine.py:NAME`. A `Problem` is named by its name and a hash of its source, `mine@1a2b3c4d`.
    `backends` are names and files, `"default"` and `"all"`. The other arguments are the options of
    `python -m bench run`, with their defaults.
    `sizes` are lengths of axes, such as `{"dimension": 8}`, or `{"mine.dimension": 8}` if there are several problems.
    Or they are the text of `--size`, such as `"large"`.
    `results` is a new CSV to keep. A `quiet` race shows no progress.

    Raise `ValueError` with one line if an argument is wrong. Ctrl-C ends all workers.
    """
    machine.require_supported()
    budget = Budget(
        MIN_ROUND_SECONDS,
        _seconds("max_time", max_time),
        whole("min_rounds", str(min_rounds)),
        memory=memory,
        warm_cache=warm_cache,
        curve=loss_curve,
    )
    with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
        names, files = _problems(problem, Path(folder))
        selection = {
            "problem": ",".join(names),
            "backend": _words("backends", backends),
            "batch_size": _words("batch_sizes", batch_sizes),
            "operator": _words("operators", operators),
            "optimizer": _words("optimizers", optimizers),
            "dtype": _words("dtypes", dtypes),
            "device": _words("devices", devices),
            "steps": _words("steps", steps),
            "size": _sizes(sizes, names),
        }
        options = Options(
            launches=1,
            timeout=_seconds("case_timeout", case_timeout),
            budget=budget,
            threads=None if threads is None else whole("threads", str(threads)),
            allocator=machine.ALLOCATORS[0],
            path=Path(folder, f"{machine.run_name()}.csv") if results is None else Path(results),
            files=Files(files),
            quiet=quiet,
        )
        try:
            return measured(selection, options)
        except KeyboardInterrupt:
            kill_all()  # a worker that was just being started too: this process goes on
            raise


def _problems(
    given: Problem | Named | Iterable[Problem | Named], folder: Path
) -> tuple[list[str], tuple[ProblemFile, ...]]:
    """Return the names of the problems, and the files of those that are not built in."""
    names: list[str] = []
    files: dict[str, ProblemFile] = {}
    objects: dict[str, Problem] = {}
    for each in _each(given):
        if not isinstance(each, Problem) and not problems.is_file(str(each)):
            names.append(str(each))
            continue
        if isinstance(each, Problem) and problems.load().get(each.name) is each:
            names.append(each.name)
            continue
        file = written(each, folder) if isinstance(each, Problem) else problems.find_file(str(each))
        if isinstance(each, Problem) and objects.setdefault(file.name, each) != each:
            raise ValueError(
                f"two problems '{each.name}' differ in sizes, presets, steps or batch sizes only: race one at a time"
            )
        files[file.name] = file
        names.append(file.name)
    if not names:
        raise ValueError("problem: name at least one")
    return names, tuple(files.values())


def _each(given: Any) -> list[Any]:
    """Return the values of an argument that may be one value."""
    is_several = isinstance(given, Iterable) and not isinstance(given, str)
    return list(given) if is_several else [given]


def _words(name: str, given: Any) -> str | None:
    """Return the argument as the word of the option."""
    if given is None:
        return None
    if not (words := _each(given)):
        raise ValueError(f"{name}: name at least one")
    return ",".join(map(str, words))


def _sizes(given: Mapping[str, int] | str | None, names: list[str]) -> str | None:
    """Return the sizes as the word of the option. Those without a problem are of the only one."""
    if isinstance(given, str):
        return given
    if not given:
        return None
    if len(names) > 1 and (bare := next((name for name in given if "." not in name), None)):
        raise ValueError(f"sizes '{bare}': there are several problems; write 'problem.{bare}'")
    return ",".join(f"{name if '.' in name else f'{names[0]}.{name}'}={value}" for name, value in given.items())


def _seconds(name: str, value: float) -> float:
    try:
        return seconds(str(value))
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error
