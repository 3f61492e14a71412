"""Write a problem that was made in Python to a file, from which a worker loads it."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cloudpickle

from bench.own.identity import is_own, name_of
from problems import Problem, ProblemFile
from problems.faults import described

NAME = re.compile(r"[\w.-]+")


def written(problem: Problem, folder: Path) -> ProblemFile:
    """Write the problem to the folder, with the code of the user that it needs, and return its file.

    Raise `ValueError` if something that it needs cannot be written, or if its name would be no word of an option.
    """
    if not NAME.fullmatch(problem.name):
        raise ValueError(f"problem '{problem.name}': its name may have letters, digits, '_', '-' and '.' only")
    name = name_of(problem)
    path = folder / f"{name}.pickle"
    try:
        with _own_modules_by_value():
            path.write_bytes(cloudpickle.dumps(problem))
    except (TypeError, ValueError, AttributeError, RuntimeError, pickle.PicklingError) as error:
        raise ValueError(f"problem '{problem.name}': no worker can get it: {described(error)}") from error
    return ProblemFile(name, path)


@contextmanager
def _own_modules_by_value() -> Iterator[None]:
    """In the block, what comes from a module of the user is pickled whole: a worker cannot import that module."""
    known = cloudpickle.list_registry_pickle_by_value()
    own = [module for name, module in list(sys.modules.items()) if name not in known | {"__main__"} and is_own(name)]
    registered = [module for module in own if sys.modules.get(getattr(module, "__name__", "")) is module]
    for module in registered:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)
