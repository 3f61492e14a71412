"""From options of `bench fleet`, or keywords of `measure_on`, to the arguments of `bench run` that every job gets."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import NoReturn

from bench import launches, options
from bench.fleet import environment
from bench.options import flag, seconds, whole
from bench.own.files import named

MEASURING = ("case_timeout", "max_time", "min_rounds", "threads", "memory", "warm_cache", "allocator", "precision")
"""The options of `launches.add_measuring` that take a value."""


def of_command(chosen: argparse.Namespace, selection: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
    """Return the arguments of `bench run`, and the paths of the user's files, which the arguments name in full.

    Raise `ValueError` if an option has a wrong number, or if a file is not there. Whether the selection names what the
    machines have is known there only.
    """
    launches.budget(chosen)
    seconds(chosen.case_timeout)
    if chosen.threads is not None:
        whole("--threads", chosen.threads)
    replaced, files = named(selection)
    words = {file.name: f"{file.path}{file.variable and f':{file.variable}'}" for file in files.problems}
    if replaced["problem"] is not None:
        replaced["problem"] = ",".join(words.get(word, word) for word in replaced["problem"].split(","))
    given = replaced | {name: getattr(chosen, name) for name in MEASURING}
    arguments = [word for name, value in given.items() if value is not None for word in (flag(name), str(value))]
    switches = [flag(name) for name in ("only_times", "loss_curve") if getattr(chosen, name)]
    return [*arguments, *switches], environment.paths(files)


def of_keywords(keywords: Mapping[str, str | bool]) -> tuple[list[str], list[str]]:
    """Return what `of_command` returns of the same options, as keywords: `batch_size="1,1000"`, `only_times=True`."""
    parser = _Parser(prog="measure_on", allow_abbrev=False)
    launches.add_measuring(parser)
    for name in options.HELP:
        parser.add_argument(flag(name))
    words = [
        word
        for name, value in keywords.items()
        if value is not False
        for word in ([flag(name)] if value is True else [flag(name), str(value)])
    ]
    chosen = parser.parse_args(words)
    return of_command(chosen, {name: getattr(chosen, name) for name in options.HELP})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise `ValueError` where a command would exit."""
        raise ValueError(message)
