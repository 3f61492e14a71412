"""A fleet on hosts without a scheduler: the same job behind any executor of `concurrent.futures`, such as Dask's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor, Future, as_completed
from pathlib import Path

import pandas as pd

from bench.fleet import arguments, ending
from bench.fleet.ending import Outcomes
from bench.fleet.job import Answer, launch
from bench.fleet.state import Fleet, Plan
from bench.launches import LAUNCHES
from report import table
from report.table.lock import lock


def measure_on(  # noqa: PLR0913 (the options of a fleet)
    executors: Mapping[str, Executor],
    path: Path | str,
    *,
    launches: int = LAUNCHES,
    allow_difference: bool = False,
    pool_alike: bool = False,
    quiet: bool = False,
    **options: str | bool,
) -> pd.DataFrame:
    """Measure so many launches on each machine, and return the rows, which arrive in the CSV at `path`.

    `executors` has an executor for each machine, by a name for messages. It must run one job at a time: jobs beside
    each other on one machine would time each other. `options` are those of `python -m bench run` that select and
    measure cases, as the command line has them: `backend="numpy,jax-jit"`, `batch_size="1,1000"`, `only_times=True`.

    The same call resumes a fleet that was interrupted. A launch that fails leaves its reason in the folder beside the
    CSV, and is printed unless `quiet`. Raise `ValueError` if an option is wrong, and `TableError` if no launch has any
    row.
    """
    path = Path(path)
    words, files = arguments.of_keywords(options)
    plan = Plan(list(executors), words, files, pool_alike)
    with lock(path):
        fleet = Fleet(path, plan, launches, allow_difference=allow_difference)
        ending.collect(fleet, _outcomes(fleet, executors), quiet=quiet)
    if not quiet:
        print("\n".join(ending.lines(fleet)), file=sys.stderr)
    return table.read(path)


def _outcomes(fleet: Fleet, executors: Mapping[str, Executor]) -> Outcomes:
    """Submit the missing launches, and yield what came back as they end. Interrupted, cancel those that wait."""
    futures: dict[Future[Answer], int] = {}
    for number in fleet.missing:
        try:
            futures[executors[fleet.plan.place(number)].submit(launch, fleet.task(number))] = number
        except RuntimeError as error:  # the executor is shut down, or broken
            yield number, _words(error)
    try:
        for future in as_completed(futures):
            yield futures[future], _result(future)
    finally:
        for future in futures:
            future.cancel()


def _result(future: Future[Answer]) -> Answer | str:
    try:
        return future.result()
    except CancelledError:
        return "its job was cancelled"
    except Exception as error:  # noqa: BLE001 (whatever the machine or the executor raises)
        return _words(error)


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
