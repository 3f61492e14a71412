"""Why a case has no time: a status and a reason."""

from __future__ import annotations

import inspect
import itertools
import traceback
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optree

from backends import Case
from bench import machine
from bench.case.check import derivation
from bench.case.check.errors import WrongResultError
from problems import Data, Parameters, Problem, ProblemError, find, instance
from problems.faults import described, fault, lines

MAX_REASON = 500
"""How many characters a reason has at most."""

MAX_SHAPES = 200
"""How many characters of a reason are shapes, at most."""

HARNESS = machine.ROOT / "bench"
PROBLEM = inspect.getfile(Problem)

OUT_OF_MEMORY = ("out of memory", "resource_exhausted", "can't allocate memory", "cannot allocate memory")
"""What an exception says, in lower case, when memory ran out: torch and JAX share no class for it.

XLA says RESOURCE_EXHAUSTED.
"""


class Failure(NamedTuple):
    """Why a case has no time. `status` is one of `report.table.schema.STATUSES`, `reason` says more in words."""

    status: str
    reason: str


def no_device(device: str, known_devices: tuple[str, ...], missing: str | None) -> Failure | None:
    """Return why a backend that knows these devices cannot use `device` on this machine; `None` if it can.

    `missing` is why the machine lacks the device, or `None` if it has it.
    """
    if device not in known_devices:
        return Failure("unsupported", f"computes on {', '.join(known_devices)} only")
    return Failure("unavailable", missing) if missing else None


def failure_of(error: BaseException, case: Case | None = None) -> Failure:
    """Return the failure of a case that raised `error`.

    With the case, the reason names the line of the problem's file where it was raised, or else of the backend's. Then
    it also names the backend, and the shapes of what the loss was given.
    """
    if isinstance(error, WrongResultError):
        return Failure("wrong", str(error))
    status = "oom" if _out_of_memory(error) else "error"
    file = None if case is None or isinstance(error, ProblemError) else _file(error, find(case.problem, case.sizes))
    if case is None or file is None:
        return Failure(status, described(error)[:MAX_REASON])
    given = f" ({_given(error, case)})"
    return Failure(status, fault(error, file)[: MAX_REASON - len(given)] + given)


class Trace(NamedTuple):
    """The traceback of a case that raised, as text. `short` has no frames of the harness above those of the user."""

    short: str = ""
    whole: str = ""


def trace_of(error: BaseException) -> Trace:
    """Return the traceback of `error`, with those of the exceptions that it wraps."""
    found = traceback.TracebackException.from_exception(error)
    whole = "".join(found.format())
    wrapped: traceback.TracebackException | None = found
    while wrapped is not None:
        frames = itertools.dropwhile(lambda frame: HARNESS in Path(frame.filename).parents, wrapped.stack)
        wrapped.stack = traceback.StackSummary.from_list(list(frames))
        wrapped = wrapped.__cause__ or wrapped.__context__
    short = "".join(found.format()) if found.stack else ""  # an error of the harness itself: the reason says all
    return Trace(_encodable(short), _encodable(whole))


def _encodable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _file(error: BaseException, problem: Problem) -> Path | None:
    """Return the innermost file of the problem's functions that led to the error, else the backend's, else `None`."""
    functions = [problem.loss, *problem.losses.values(), problem.draw, problem.gradient, problem.value, problem.hvp]
    functions += [problem.value_and_gradient]
    codes = (getattr(inspect.unwrap(each), "__code__", None) for each in functions if each is not None)
    theirs = {code.co_filename for code in codes if code is not None} - {PROBLEM}
    files = [file for file, _ in lines(error)]
    found = next((file for file in files if file in theirs), None)
    return Path(found) if found else next((Path(file) for file in files if Path(file).name.endswith("_modes.py")), None)


def _given(error: BaseException, case: Case) -> str:
    """Return which backend raised the error, and for which shapes: `torch-grad; parameters x (8,); data (8, 3), (8,)`.

    The gradient is checked before any backend is called, with a batch of its own.
    """
    problem, who, batch_size = find(case.problem, case.sizes), case.backend, case.batch_size
    if any(file == derivation.__file__ for file, _ in lines(error)):
        who, batch_size = f"NumPy, before {who}", min(batch_size, derivation.MAX_BATCH_SIZE)
    try:
        x, data = instance(problem, batch_size, case.dtype)
    except Exception:  # noqa: BLE001 (what raised may be the drawing of the arrays)
        return who
    return f"{who}; {_shapes(x, data)}"


def _shapes(x: Parameters, data: Data) -> str:
    leaves = zip(optree.tree_paths(x), optree.tree_leaves(x), strict=True)
    text = f"parameters {', '.join(f'{_name(path)} {np.shape(leaf)}' for path, leaf in leaves)}"
    rest = f"; data {', '.join(str(np.shape(array)) for array in data)}" if data else ""
    most = max(MAX_SHAPES - len(rest), 0)  # of two, the data are the shorter, and more often the culprit
    return (text if len(text) <= most else f"{text[:most]}…") + rest


def _name(path: tuple[Any, ...]) -> str:
    """Return the name of a leaf of the parameters: `x` if it is all of them, `W` of a dictionary, or its path."""
    match path:
        case ():
            return "x"
        case (str(key),):
            return key
        case _:
            return "".join(f"[{key!r}]" for key in path)


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)
